"""Overview and catalogue: every section, what is critical, what restarted, and that unknown is never a number."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from qtctl.audit.judge import judge
from qtctl.findings.finding import Outcome
from qtctl.formats.markdown import write_markdown
from qtctl.model.evidence import Item, State
from qtctl.model.facts import Unit
from qtctl.reports import catalogue, catalogue_view, overview, overview_page
from qtctl.reports.overview import OverviewReport
from tests.builders.desired import resolve_files
from tests.builders.reported import FILES, ITEMS, MINUTE_US, TAKEN_US, desired, evidence, seen

from .checks import CHECKS
from .golden import assert_golden


def build(items: tuple[Item, ...] = ITEMS, files: Mapping[str, str] = FILES) -> OverviewReport:
    return overview.build_report(resolve_files(dict(files), "box"), evidence(items), CHECKS)


def page(report: OverviewReport) -> str:
    return write_markdown(overview_page.build_page(report))


def test_the_whole_overview() -> None:
    report = build()
    assert_golden("overview.json", overview.to_json(report))
    assert_golden("overview.md", page(report))
    assert "hunter2" not in overview.to_json(report) + page(report)


def test_the_whole_catalogue() -> None:
    report = catalogue.build_report(desired(), evidence(), CHECKS)
    assert_golden("catalogue.json", catalogue.to_json(report))
    assert_golden("catalogue.md", write_markdown(catalogue_view.build_page(report)))
    assert_golden("catalogue_screen.md", write_markdown(catalogue_view.build_screen(report)))


CRITICAL = {
    **FILES,
    "services/api.toml": 'critical = true\nowner = "web"\norder.requires = ["feed"]\n' + FILES["services/api.toml"],
    "externals.toml": FILES["externals.toml"].replace("[grafana]\n", '[grafana]\ncritical = true\nowner = "ops"\n'),
}


def test_critical_is_what_is_declared_and_what_that_cannot_run_without() -> None:
    rows = {row.unit: row for row in build(files=CRITICAL).critical}
    assert {unit: (row.declared, row.needed_by) for unit, row in rows.items()} == {
        "grafana.service": (True, ()),
        "q-api.service": (True, ()),
        "q-feed.service": (False, ("q-api.service",)),
        "redis-server.service": (False, ("q-api.service", "q-feed.service")),
    }
    assert (rows["q-api.service"].owner, rows["grafana.service"].owner) == ("web", "ops")
    assert rows["grafana.service"].category == "UNKNOWN"
    assert rows["q-api.service"].category == "RUNNING"


def test_where_nothing_is_declared_critical_the_page_says_so() -> None:
    assert build().critical == ()
    assert overview_page.NO_CRITICAL in page(build())


def started(minutes: int, restarts: int = 0, state: str = "active") -> Unit:
    at = TAKEN_US - minutes * MINUTE_US
    return Unit("loaded", state, "running", "enabled", exec_main_start_timestamp=at, n_restarts=restarts)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (started(5), (300, 0, True, False)),
        (started(59, 2), (3540, 2, True, True)),
        (started(60), (3600, 0, False, False)),
        (started(6000, 7), (360_000, 7, False, True)),
        (started(5, 3, "failed"), (None, 3, False, True)),
        (Unit("loaded", "active", "running", "enabled"), ("unknown", 0, False, False)),
        (started(-1), (0, 0, True, False)),
    ],
)
def test_restarts(unit: Unit, expected: tuple[object, ...]) -> None:
    items = (*(each for each in ITEMS if each.subject != "q-api.service"), seen("q-api.service", unit))
    row = next(each for each in build(items).services if each.unit == "q-api.service")
    assert (row.up_s, row.restarts, overview.is_recent(row), overview.is_restarted(row)) == expected


MIB = 1 << 20


@pytest.mark.parametrize(
    ("unit", "expected", "shown"),
    [
        (
            replace(started(5), memory_current=96 * MIB, loaded={"MemoryMax": 100 * MIB}),
            (96 * MIB, 100 * MIB),
            "██████████ 96.0 MiB of 100.0 MiB",
        ),
        (
            replace(started(5), memory_current=25 * MIB, loaded={"MemoryMax": 100 * MIB}),
            (25 * MIB, 100 * MIB),
            "██░░░░░░░░ 25.0 MiB of 100.0 MiB",
        ),
        (
            replace(started(5), memory_current=25 * MIB, loaded={"MemoryMax": 2**64 - 1}),
            (25 * MIB, None),
            "25.0 MiB, no limit",
        ),
        (replace(started(5), memory_current=25 * MIB), (25 * MIB, None), "25.0 MiB, no limit"),
        (started(5), (None, None), None),
    ],
)
def test_memory_is_shown_against_the_limit_that_is_in_force(
    unit: Unit, expected: tuple[int | None, int | None], shown: str | None
) -> None:
    items = (*(each for each in ITEMS if each.subject != "q-api.service"), seen("q-api.service", unit))
    report = build(items)
    row = next(each for each in report.services if each.unit == "q-api.service")
    assert (row.memory_bytes, row.memory_max_bytes) == expected
    assert (shown is not None) == (shown is not None and shown in page(report))


def test_services_nearest_to_their_limits_are_first() -> None:
    near = replace(started(5), memory_current=90 * MIB, loaded={"MemoryMax": 100 * MIB})
    far = replace(started(5), memory_current=900 * MIB, loaded={"MemoryMax": 1000 * MIB * 10})
    names = ("q-feed.service", "q-api.service")
    items = (*(each for each in ITEMS if each.subject not in names), *map(seen, names, (far, near)))
    rows = page(build(items)).partition("## Memory")[2].partition("## Services")[0]
    assert rows.index("`q-api`") < rows.index("`q-feed`")


def test_a_unit_of_which_only_the_list_of_units_speaks_started_nobody_knows_when() -> None:
    items = tuple(each for each in ITEMS if each.subject != "q-api.service")
    report = build(items)
    row = next(each for each in report.services if each.unit == "q-api.service")
    assert (row.category, row.up_s, row.restarts, row.started_at) == ("RUNNING", "unknown", "unknown", "unknown")
    assert "q-api.service" in report.restarts.unseen
    assert "q-api.service" in page(report).partition("unknown when these started: ")[2].partition("\n")[0]


def test_resources_are_the_checks_of_the_audit() -> None:
    checks = judge(desired(), evidence())
    report = overview.build_report(desired(), evidence(), checks)
    ours = [(each.id, each.subject, each.outcome, each.expected, each.observed) for each in report.resources]
    assert sorted(map(str, ours)) == sorted(
        str((each.id, each.subject, each.outcome, each.expected, each.observed))
        for each in checks
        if each.id in overview.RESOURCES
    )
    assert {each.outcome for each in report.resources} >= {Outcome.UNKNOWN, Outcome.HOLDS}


def test_a_fact_less_makes_nothing_known_and_no_number_of_it() -> None:
    """Taking any one known fact away only adds unknown ones: no service changes to another state."""
    whole = {each.unit: each for each in build().services}
    for item in ITEMS:
        rest = tuple(other for other in ITEMS if other is not item)
        for row in build(rest).services:
            was = whole.get(row.unit)
            if was is None:
                continue
            assert row.category in (was.category, "UNKNOWN"), item.need
            for field in ("up_s", "restarts", "port", "started_at"):
                assert getattr(row, field) in (getattr(was, field), "unknown", None), (item.need, field)


def test_without_evidence_nothing_is_known() -> None:
    report = build(())
    assert report.summary.unknown == report.summary.total_modules
    assert report.infrastructure.host.value is None
    assert report.restarts.host_up_s is None
    assert {each.up_s for each in report.services} == {"unknown"}
    assert "| memory | 1" not in page(report)


def test_a_host_that_was_not_reached_is_one_line() -> None:
    reason = "no route to host"
    checks = [replace(each, outcome=Outcome.UNKNOWN, reason=reason) for each in CHECKS]
    items = tuple(replace(each, state=State.REFUSED, value=None, reason=reason) for each in ITEMS)
    report = overview.build_report(desired(), evidence(items), checks)
    assert report.unreachable == reason
    assert page(report).splitlines()[-1] == f"Nothing could be asked: {reason}"
    listed = catalogue.build_report(desired(), evidence(items), checks)
    assert write_markdown(catalogue_view.build_page(listed)).splitlines()[-1] == f"Nothing could be asked: {reason}"


@pytest.mark.parametrize("path", ["summary.running", "totals.total", "groups.0.services"])
def test_numbers_that_the_rows_do_not_add_up_to_cannot_be_made(path: str) -> None:
    dumped = build().model_dump()
    OverviewReport.model_validate(dumped)
    row: Any = dumped
    steps = path.split(".")
    for step in steps[:-1]:
        row = row[int(step)] if step.isdecimal() else row[step]
    row[steps[-1]] += 1
    with pytest.raises(ValidationError):
        OverviewReport.model_validate(dumped)


def test_secrets_in_commands_are_hidden() -> None:
    argv = '["/bin/x", "--api-token", "hunter2hunter2", "redis://:hunter3hunter3@h/0"]'
    text = f'summary = "x"\nstate = "running"\nrun = {{kind = "command", argv = {argv}}}\n'
    fleet = resolve_files({**FILES, "services/feed.toml": text}, "box")
    report = catalogue.build_report(fleet, evidence(), CHECKS)
    said = catalogue.to_json(report) + write_markdown(catalogue_view.build_page(report))
    assert "hunter" not in said
    assert "(hidden)" in said
