"""The checks of an audit that do not hold, as causes of a sheet: what is broken, then what is not known, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from qtctl.dialects.shell import join
from qtctl.findings.finding import Severity
from qtctl.reports.check import Check
from qtctl.reports.fleet import FleetReport, group_findings
from qtctl.reports.grouping import FleetGroup, Group, group
from qtctl.reports.order import nest_by_cause
from qtctl.reports.phrases import fold_names, format_count, format_json
from qtctl.reports.sheet import Cause, Row

OPENED = 3
"""So many causes are seen with their rows at once."""
MOST_OPEN = 12
"""A cause with more rows is closed at first."""
NAMED = 4
LONGEST = 400
"""Characters of a value; JSON has it in full."""


def make_host_causes(
    findings: Iterable[Check], unknowns: Sequence[Check], not_asked: Iterable[Check]
) -> tuple[Cause, ...]:
    """Of one host."""
    groups = group(findings, unknowns)
    broken = (_make_cause(each, [("", each)], number) for number, each in enumerate(groups))
    return (*broken, *_list_unknown([("", check) for check in unknowns]), *_list_not_asked(("", c) for c in not_asked))


def make_fleet_causes(report: FleetReport, unknowns: Iterable[tuple[str, Check]]) -> tuple[Cause, ...]:
    """Of several hosts. `unknowns`: each with its host."""
    groups = group_findings(report.hosts, report.compared)
    broken = (_make_cause(each, each.parts, number) for number, each in enumerate(groups))
    not_asked = ((each.address, check) for each in report.hosts for check in each.not_asked)
    compared = (("", check) for check in report.compared.not_asked)
    return (*broken, *_list_unknown(tuple(unknowns)), *_list_not_asked((*not_asked, *compared)))


def _make_cause(found: Group | FleetGroup, parts: Sequence[tuple[str, Group]], number: int) -> Cause:
    rows = tuple(
        _make_row(host, check, depth)
        for host, part in parts
        for depth, check in nest_by_cause((*part.members, *part.below))
    )
    first = found.first
    leads = [f"{format_count(len(found.below), 'finding follows', 'findings follow')}"] if found.below else []
    leads += [f"leaves {format_count(found.blind, 'check')} unknown"] if found.blind else []
    return Cause(
        kind="waived" if first.waiver is not None else "broken",
        severity=first.severity.value,
        id=first.id,
        title=found.title,
        about=" · ".join([_name_where(found), *leads]),
        rows=rows,
        open=number < OPENED and len(rows) <= MOST_OPEN and first.waiver is None,
    )


def _name_where(found: Group | FleetGroup) -> str:
    """The subjects, or the hosts if there are several."""
    if isinstance(found, FleetGroup) and len(found.hosts) > 1:
        return f"{len(found.hosts)} hosts: {fold_names(found.hosts, NAMED)}"
    return fold_names(tuple(dict.fromkeys(check.subject for check in found.members)), NAMED)


def _make_row(host: str, check: Check, depth: int = 0, because: str = "") -> Row:
    notes = [because] if because else []
    notes += [f"Waived: {check.waiver}"] if check.waiver else []
    notes += [f"Its waiver expired: {check.expired_waiver}"] if check.expired_waiver else []
    silent = check.expected is None and check.observed is None
    return Row(
        kind="waived" if check.waiver is not None else check.outcome.value,
        severity=check.severity.value,
        id=check.id,
        host=host,
        subject=check.subject,
        title=check.title,
        depth=depth,
        expected="" if silent else _shorten(format_json(check.expected)),
        observed="" if silent or check.outcome.is_open else _shorten(format_json(check.observed)),
        declared=check.declared,
        proof=tuple((proof.again, _shorten(proof.line)) for proof in check.proof),
        remedy=check.remedy,
        commands=tuple(dict.fromkeys(map(join, check.commands))),
        notes=tuple(notes),
    )


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _list_unknown(unknowns: Sequence[tuple[str, Check]]) -> Iterator[Cause]:
    """By reason, the most frequent first. A title says what would be wrong, so it becomes a question."""
    reasons: dict[str, list[tuple[str, Check]]] = {}
    for host, check in unknowns:
        reasons.setdefault(check.reason or "no reason given", []).append((host, check))
    roots = {(host, check.fingerprint): check for host, check in unknowns}
    for reason, those in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        rows = tuple(_make_row(host, check, because=_explain(host, check, roots)) for host, check in those)
        worst = max((check.severity for _, check in those), key=lambda each: each.rank)
        title = f"{format_count(len(rows), 'check')} unknown"
        yield Cause(kind="unknown", severity=worst.value, id="unknown", title=title, about=reason, rows=rows)


def _explain(host: str, check: Check, roots: Mapping[tuple[str, str], Check]) -> str:
    root = roots.get((host, check.because or ""))
    return f"Because of {root.id} {root.subject}." if root else ""


def _list_not_asked(checks: Iterable[tuple[str, Check]]) -> Iterator[Cause]:
    rows = tuple(_make_row(host, check) for host, check in checks)
    if rows:
        title = f"{format_count(len(rows), 'check')} not asked"
        about = "only root can tell, and --become asks it"
        yield Cause(kind="not-asked", severity=Severity.INFO.value, id="root", title=title, about=about, rows=rows)
