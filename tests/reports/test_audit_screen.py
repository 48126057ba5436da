"""The first screen of an audit: the counts, and the few things to do first, however many findings there are."""

from collections.abc import Iterator

from hypothesis import given

from qtctl.cli.tables import Screen, leave_plain
from qtctl.dialects import terminal
from qtctl.findings.finding import Finding
from qtctl.reports.audit import AuditReport, build_report
from qtctl.reports.audit_screen import build_screen
from qtctl.reports.check import Check
from qtctl.reports.grouping import group
from qtctl.rules.catalogue import list_host_rules
from tests.builders.reported import desired, evidence
from tests.reports.test_audit import some_checks

from .checks import check

WIDTH = 80
LINES = 40
TITLES = {rule.id: rule.title for rule in list_host_rules()}


def lines(report: AuditReport, *, verbose: bool = False) -> list[str]:
    return list(Screen(WIDTH, leave_plain, terminal.show_line).lines(tuple(build_screen(report, verbose=verbose))))


def found(number: str, subject: str, severity: str, **more: str) -> Finding:
    return check(number, "broken", subject, severity=severity, title=TITLES[number], **more)


def neglected() -> Iterator[Finding]:
    """A host a month after its last deploy."""
    yield from (found("QT202", f"quantum-old-{number}.service", "warning") for number in range(120))
    yield from (found("QT210", f"quantum-{number}.service", "warning") for number in range(64))
    yield from (found("QT211", f"quantum-{number}.service", "warning") for number in range(64))
    yield from (found("QT203", f"gone-{number}.service", "warning") for number in range(19))
    yield from (found("QT209", f"quantum-twin-{number}.service", "warning") for number in range(3))
    yield from (
        found("QT503", f"stream:{number}", "warning", because="QT204 quantum-feed.service") for number in "abcd"
    )
    yield from (found("QT218", f"quantum-{number}.service", "info") for number in range(34))
    yield found("QT204", "quantum-feed.service", "error")
    yield found("QT303", "127.0.0.1:8000", "error")


def test_a_host_with_310_findings_fits_a_screen() -> None:
    report = build_report(desired(), evidence(), tuple(neglected()))
    shown = lines(report)
    assert report.totals.broken == 310
    assert len(shown) <= LINES, "\n".join(shown)
    assert max(map(len, shown)) <= WIDTH
    assert "310 broken" in " ".join(shown[:2])
    heads = [line for line in shown if line.startswith(("error", "warning", "info"))]
    assert heads == [
        "error QT204 quantum-feed.service",
        "error QT303 127.0.0.1:8000",
        "warning QT209 3 units run though declared stopped",
        "warning QT202 120 units on the host are not declared",
        "warning QT203 19 referenced units are not found",
        "warning QT210 64 files differ from the generated ones: quantum-0.service,",
        "warning QT211 64 units have drop-ins that are not declared: quantum-0.service,",
        "info QT218 34 services restarted in the last hour: quantum-0.service,",
    ]
    assert "  leads to  QT503 stream:a, QT503 stream:b, QT503 stream:c and 1 more" in shown


def test_every_finding_is_there_on_demand() -> None:
    report = build_report(desired(), evidence(), tuple(neglected()))
    shown = lines(report, verbose=True)
    heads = [line.removeprefix("↳ ") for line in shown]
    assert {f"{each.severity} {each.id} {each.subject}" for each in report.findings} <= set(heads)


@given(some_checks)
def test_each_finding_is_in_one_group_and_waived_ones_come_last(checks: list[Finding]) -> None:
    report = build_report(desired(), evidence(), checks)
    groups = group(report.findings, report.unknowns)
    every = [each for found in groups for each in (*found.members, *found.below)]
    assert sorted(map(id, every)) == sorted(map(id, report.findings))
    waived = [found.first.waiver is not None for found in groups]
    assert waived == sorted(waived)
    assert all(isinstance(each, Check) for each in every)


def test_a_title_stands_for_one_kind_of_finding() -> None:
    titles = [each.title for rule in list_host_rules() for each in rule.wordings]
    assert len(set(titles)) == len(titles)


def test_what_follows_from_a_waived_finding_is_not_hidden_with_it() -> None:
    """Someone accepted the cause, not its consequences."""
    root = found("QT204", "quantum-feed.service", "error", waiver="until March")
    below = found("QT301", "127.0.0.1:8000", "error", because=root.fingerprint)
    shown = lines(build_report(desired(), evidence(), (root, below)))
    assert shown.index("error QT301 127.0.0.1:8000") < shown.index("Waived, or found before")
