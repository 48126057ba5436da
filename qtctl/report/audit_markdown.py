"""An audit report for people: the verdict, then causes with what follows from them, then what is not known."""

from collections.abc import Iterable

from qtctl.findings.finding import Proof
from qtctl.report.audit import AuditReport
from qtctl.report.baseline import baseline_lines
from qtctl.report.check import Check
from qtctl.report.markdown import code, counted, document, plain, section, table, words
from qtctl.report.order import nested

HEADS = ("severity", "id", "subject", "expected", "observed", "declared", "proof", "remedy")
VERDICTS = {
    "as-declared": "As declared",
    "incomplete": "Incomplete: unknown is not a pass",
    "not-as-declared": "Not as declared",
}


def to_markdown(report: AuditReport) -> str:
    return document(
        f"Audit of {plain(report.host)}",
        [headline(report), ""],
        [origin(report), ""],
        table(("severity", "holds", "broken", "unknown"), severities(report)),
        [""],
        section("Findings", findings(report)),
        section("Unknown", unknowns(report)),
        section("Host", baseline_lines(report.baseline)),
    )


def headline(report: AuditReport) -> str:
    totals = report.totals
    waived = f" ({totals.waived} waived)" if totals.waived else ""
    return (
        f"**{VERDICTS[report.verdict.value]}.** {counted(totals.broken, 'finding')}{waived}, {totals.unknown} unknown, "
        f"{totals.holds} of {counted(totals.total, 'check')} hold."
    )


def origin(report: AuditReport) -> str:
    return (
        f"Fleet {plain(report.fleet)}, evidence of {plain(report.taken_at)} from {code(report.address)} by "
        f"{plain(report.transport)} as {code(report.user)}, qtctl {plain(report.qtctl_version)}. "
        f"The gate is {report.fail_on.value}."
    )


def severities(report: AuditReport) -> list[tuple[str, ...]]:
    rows = [(name.value, *map(str, counts.triple)) for name, counts in report.totals.by_severity.items()]
    totals = report.totals
    return [*rows, ("all", str(totals.holds), str(totals.broken), str(totals.unknown))]


def findings(report: AuditReport) -> list[str]:
    """The table; beneath a cause the findings that follow from it, and how many checks it leaves unknown."""
    if not report.findings:
        return []
    hidden: dict[str, int] = {}
    for check in report.unknowns:
        if check.because is not None:
            hidden[check.because] = hidden.get(check.because, 0) + 1
    return table(HEADS, (row(depth, check, hidden) for depth, check in nested(report.findings)))


def row(depth: int, check: Check, hidden: dict[str, int]) -> tuple[str, ...]:
    title = f"{plain(check.title)}: " if check.title else ""
    blind = hidden.get(check.fingerprint, 0)
    leaves = f"<br>leaves {counted(blind, 'check')} unknown" if blind else ""
    waived = f"<br>waived: {plain(check.waiver)}" if check.waiver else ""
    return (
        "↳ " * depth + check.severity.value,
        check.id,
        f"{title}{code(check.subject)}{leaves}{waived}",
        plain(words(check.expected)),
        plain(words(check.observed)),
        code(check.declared),
        proofs(check.proof),
        plain(check.remedy),
    )


def proofs(every: Iterable[Proof]) -> str:
    return "<br>".join(f"{code(proof.again)} → {code(proof.line)}" for proof in every)


def unknowns(report: AuditReport) -> list[str]:
    """By reason, the most frequent first; a title is of what would be wrong, so here it is a question."""
    causes = {check.fingerprint: check for check in (*report.findings, *report.unknowns)}
    reasons: dict[str, list[Check]] = {}
    for check in report.unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append(check)
    lines: list[str] = []
    for reason, checks in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        items = [f"- {check.id} {code(check.subject)}: {plain(check.title)}?{cause(check, causes)}" for check in checks]
        lines += [f"### {plain(reason)} ({len(checks)})", "", *items, ""]
    return lines[:-1]


def cause(check: Check, causes: dict[str, Check]) -> str:
    root = causes.get(check.because or "")
    return f", because of {root.id} {code(root.subject)}" if root else ""
