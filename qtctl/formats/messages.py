"""A finding in words, and where it is shown: the same in every format of findings."""

from collections.abc import Iterator, Sequence

from qtctl.dialects import terminal
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome
from qtctl.reports.phrases import describe_unseen, format_count, format_json
from qtctl.reports.view import View


def list_judged(view: View) -> Sequence[Finding]:
    return view.findings() if view.findings is not None else ()


def describe_finding(finding: Finding) -> str:
    """What is wrong, or what is unknown and why, and what to do: one line."""
    to_do = f". To do: {finding.remedy}" if finding.remedy else ""
    return terminal.show_line(f"{_describe_problem(finding)}{to_do}")


def _describe_problem(finding: Finding) -> str:
    subject = f"{finding.subject}: " if finding.subject else ""
    if finding.outcome.is_open:
        return f"{subject}{finding.title}? {_describe_open(finding)}: {finding.reason or 'no reason given'}"
    if finding.what:
        return f"{subject}{finding.what}"
    values = ", ".join(_list_values(finding))
    return f"{subject}{finding.title}{': ' * bool(values)}{values}"


def _describe_open(finding: Finding) -> str:
    if finding.untried:
        return "not tried"
    return "unknown" if finding.outcome is Outcome.UNKNOWN else "not asked (needs --become)"


def _list_values(finding: Finding) -> Iterator[str]:
    """If a rule compared something: what it expected, and what it saw."""
    if (finding.expected, finding.observed) != (None, None):
        yield f"expected {format_json(finding.expected)}"
        yield f"observed {format_json(finding.observed)}"


def list_proofs(finding: Finding) -> Iterator[str]:
    """A line for each: the command that anyone can run, and what it printed."""
    return (terminal.show_line(f"{proof.again} → {proof.line}") for proof in finding.proof)


def find_place(finding: Finding, view: View) -> Place | None:
    """Where it is shown, with the file as the user of the command names it; for what holds, the line is not looked up.

    What nothing declares is shown where the host is declared. None if that is unknown, too.
    """
    at = finding.place or (view.home and view.home())
    return Place(view.locate(at.file), at.line if isinstance(at, Place) else None) if at else None


def sort_by_importance(findings: Sequence[Finding]) -> list[Finding]:
    """Causes before their consequences, then the worst first; unknown ones last."""
    there = {finding.fingerprint for finding in findings}

    def rank(finding: Finding) -> tuple[bool, bool, int, str, str]:
        unknown = finding.outcome.is_open
        return unknown, finding.cause in there, -finding.severity.rank, finding.id, finding.subject

    return sorted(findings, key=rank)


def format_totals(findings: Sequence[Finding]) -> str:
    """2 findings (1 waived), 1 unknown, 40 of 43 hold."""
    count = {outcome: sum(finding.outcome is outcome for finding in findings) for outcome in Outcome}
    waived = sum(finding.outcome is Outcome.BROKEN and finding.waiver is not None for finding in findings)
    aside = f" ({waived} waived)" if waived else ""
    broken = f"{format_count(count[Outcome.BROKEN], 'finding')}{aside}"
    hold = "holds" if len(findings) == 1 else "hold"
    held = f"{count[Outcome.UNKNOWN]} unknown, {count[Outcome.HOLDS]} of {len(findings)} {hold}"
    untried = sum(finding.untried for finding in findings)
    more = f"; {untried} not tried" if untried else ""
    return f"{broken}, {held}{more}{describe_unseen(count[Outcome.NOT_ASKED] - untried)}"
