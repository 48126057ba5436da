"""The metrics of one host, from its evidence and its audit: the numbers that the module registry has.

What is unknown has no series: a missing value is never a zero.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from qtctl.dialects.terminal import show_line
from qtctl.findings.finding import Outcome
from qtctl.findings.verdict import Conclusion
from qtctl.model import measures
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence
from qtctl.model.measures import Family, Measure
from qtctl.model.moments import parse_microseconds
from qtctl.reports.audit import AuditReport
from qtctl.reports.look import FactReader
from qtctl.reports.modules import UNKNOWN, find_unit, list_modules
from qtctl.reports.modules_model import Module
from qtctl.reports.sections import list_other_units, list_targets, list_timers, list_venvs
from qtctl.reports.sections_model import TimerRow, UnitRow
from qtctl.reports.traffic import list_ports, list_streams

MOST_SERIES = 20_000
"""Of one host: what it reports must not fill the memory of the server that stores it."""
LONGEST_LABEL = 200
"""Characters."""
Host = tuple[str, str]
"""The values of the labels that all series of a host have: its fleet, and its address."""


def measure_host(
    desired: Desired, evidence: Evidence, report: AuditReport, took_s: float | None = None
) -> tuple[Measure, ...]:
    """All series of the host, at most MOST_SERIES. `took_s`: how long the audit took, in seconds, if that is known."""
    host = (desired.fleet, report.address)
    found = _drop_repeated([*_measure_audit(host, report, took_s), *_measure_facts(host, desired, evidence)])
    kept = found[: MOST_SERIES - 1]
    return (*kept, _make(measures.DROPPED, host, len(found) - len(kept)))


def _measure_audit(host: Host, report: AuditReport, took_s: float | None) -> Iterator[Measure]:
    yield _make(measures.REACHED, host, report.unreachable is None)
    for verdict in Conclusion:
        yield _make(measures.VERDICT, (*host, verdict.value), report.verdict is verdict)
    totals = report.totals
    counts = {
        Outcome.HOLDS: totals.holds,
        Outcome.BROKEN: totals.broken,
        Outcome.UNKNOWN: totals.unknown,
        Outcome.NOT_ASKED: totals.not_asked,
    }
    for outcome, count in counts.items():
        yield _make(measures.CHECKS, (*host, outcome.value), count)
    rows = Counter((each.id, each.severity.value, _say(each.waiver is not None)) for each in report.findings)
    for (id_, severity, waived), count in sorted(rows.items()):
        yield _make(measures.FINDINGS, (*host, id_, severity, waived), count)
    yield _make(measures.AUDIT_TIME, host, parse_microseconds(report.taken_at) / 1e6)
    if took_s is not None:
        yield _make(measures.AUDIT_DURATION, host, round(took_s, 3))


def _say(truth: bool) -> str:
    return "yes" if truth else "no"


def _measure_facts(host: Host, desired: Desired, evidence: Evidence) -> Iterator[Measure]:
    look = FactReader.of(evidence)
    yield from _measure_units(host, desired, look)
    yield from _measure_streams(host, desired, look)
    declared = {each.unit: each.declared for each in desired.units()}
    for port in list_ports(desired, look):
        if port.found != UNKNOWN:
            labels = (*host, port.unit, declared.get(port.unit, ""), port.protocol, port.address, str(port.port))
            yield _make(measures.PORT, labels, port.found == "listening")
    for venv in list_venvs(desired, look):
        if venv.status != UNKNOWN:
            yield _make(measures.VENV, (*host, venv.name), venv.status == "works")


def _measure_units(host: Host, desired: Desired, look: FactReader) -> Iterator[Measure]:
    services = list_modules(desired, look)
    targets, timers, others = list_targets(desired, look), list_timers(desired, look), list_other_units(desired, look)
    rows: tuple[Module | UnitRow | TimerRow, ...] = (*services, *targets, *timers, *others)
    for row in rows:
        yield _make(measures.UNIT_STATE, (*host, row.unit, row.declared, row.category.value), 1)
    for service in services:
        found = find_unit(service.unit, look)
        if found.whole and found.seen.value is not None:
            yield _make(measures.UNIT_RESTARTS, (*host, service.unit), found.seen.value.n_restarts)


def _measure_streams(host: Host, desired: Desired, look: FactReader) -> Iterator[Measure]:
    for stream in list_streams(desired, look):
        labels = (*host, stream.store, stream.name)
        yield from _make_known(measures.STREAM_AGE, labels, stream.newest_age_s)
        yield from _make_known(measures.STREAM_ENTRIES, labels, stream.length)
        for group in stream.groups:
            of_group = (*labels, group.group, group.service)
            yield from _make_known(measures.GROUP_LAG, of_group, group.lag)
            yield from _make_known(measures.GROUP_PENDING, of_group, group.pending)


def _make_known(family: Family, labels: Sequence[str], value: float | None) -> Iterator[Measure]:
    if value is not None:
        yield _make(family, labels, value)


def _make(family: Family, labels: Sequence[str], value: float) -> Measure:
    return Measure(family.name, tuple(show_line(each)[:LONGEST_LABEL] for each in labels), float(value))


def _drop_repeated(found: Iterable[Measure]) -> tuple[Measure, ...]:
    """Each series once: names that only differ beyond the longest label are one."""
    return tuple({(each.family, each.labels): each for each in found}.values())
