import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from qtctl.formats.markdown import write_markdown
from qtctl.meaning.units import LoopLimits
from qtctl.model.facts import Unit
from qtctl.reports.categories import MEANINGS, Category, classify
from qtctl.reports.gates import GateOutcome
from qtctl.reports.module_registry import RegistryReport, build_report, to_json
from qtctl.reports.module_registry_page import build_page
from qtctl.reports.needs import list_needs
from tests.builders.reported import ITEMS, desired, evidence

from .checks import CHECKS
from .golden import assert_golden

LOOP = LoopLimits(restarts=3, up_us=60_000_000, now_us=1_000_000_000)

CATEGORIES: dict[str, tuple[Unit | None, Category]] = {
    "up": (Unit("loaded", "active", "running", "enabled"), Category.RUNNING),
    "done-and-remains": (Unit("loaded", "active", "exited", "enabled"), Category.RUNNING),
    "oneshot-at-work": (Unit("loaded", "activating", "start", "static"), Category.RUNNING),
    "file-deleted-while-up": (Unit("not-found", "active", "running", ""), Category.RUNNING),
    "down": (Unit("loaded", "inactive", "dead", "disabled"), Category.STOPPED),
    "ending": (Unit("loaded", "deactivating", "stop-sigterm", "enabled"), Category.STOPPED),
    "masked": (Unit("masked", "inactive", "dead", "masked"), Category.STOPPED),
    "failed": (Unit("loaded", "failed", "failed", "enabled"), Category.FAILED),
    "unloadable": (Unit("bad-setting", "inactive", "dead", "enabled"), Category.FAILED),
    "waits-to-restart": (Unit("loaded", "activating", "auto-restart", "enabled"), Category.AUTO_RESTART),
    "queued-to-restart": (Unit("loaded", "activating", "auto-restart-queued", "enabled"), Category.AUTO_RESTART),
    "loops-and-up-just-now": (
        Unit("loaded", "active", "running", "enabled", n_restarts=3, active_enter_timestamp=990_000_000),
        Category.AUTO_RESTART,
    ),
    "restarted-and-settled": (
        Unit("loaded", "active", "running", "enabled", n_restarts=3, active_enter_timestamp=900_000_000),
        Category.RUNNING,
    ),
    "restarted-twice-just-now": (
        Unit("loaded", "active", "running", "enabled", n_restarts=2, active_enter_timestamp=990_000_000),
        Category.RUNNING,
    ),
    "absent": (None, Category.ORPHANED),
    "referred-to": (Unit("not-found", "inactive", "dead", ""), Category.ORPHANED),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_unit_falls_into_one_category(name: str) -> None:
    unit, expected = CATEGORIES[name]
    assert classify(unit, LOOP) is expected


def test_each_category_says_what_it_means() -> None:
    assert list(MEANINGS) == list(Category)
    assert all(category.meaning for category in Category)


def test_the_whole_report() -> None:
    report = build_report(desired(), evidence(), CHECKS)
    assert {row.name: row.category.value for row in report.modules} == {
        "q-again": "AUTO_RESTART",
        "q-api": "RUNNING",
        "q-broken": "FAILED",
        "q-crash": "AUTO_RESTART",
        "q-dark": "UNKNOWN",
        "q-feed": "RUNNING",
        "q-ghost": "STOPPED",
        "q-missing": "ORPHANED",
        "q-nightly": "STOPPED",
        "q-off": "STOPPED",
        "q-often": "STOPPED",
        "q-stray": "RUNNING",
        "rogue_one": "STOPPED",
    }
    assert_golden("registry.json", to_json(report))
    assert_golden("registry.md", write_markdown(build_page(report)))
    assert "hunter2" not in to_json(report) + write_markdown(build_page(report))


def test_without_evidence_everything_is_unknown_and_no_gate_passes() -> None:
    report = build_report(desired(), evidence(()), ())
    assert report.summary.unknown == report.summary.total_modules == len(desired().services) + 2
    assert {gate.outcome for gate in report.gates} == {GateOutcome.UNKNOWN}
    assert_golden("registry_unknown.md", write_markdown(build_page(report)))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, len(ITEMS) - 1)))
def test_totals_are_the_rows_whatever_is_known(items: set[int]) -> None:
    known = tuple(ITEMS[n] for n in sorted(items))
    report = build_report(desired(), evidence(known), CHECKS)
    summary = report.summary
    by_category = (
        summary.running,
        summary.stopped,
        summary.failed,
        summary.auto_restart,
        summary.orphaned,
        summary.unknown,
    )
    assert summary.total_modules == len(report.modules) == sum(by_category)
    assert summary.total_modules == summary.declared + summary.retired + summary.undeclared
    assert RegistryReport.model_validate_json(to_json(report)) == report
    assert all(gate.passed + gate.failed + gate.unknown >= 0 for gate in report.gates)
    assert all(row.proof_line.startswith("systemctl show -p ") for row in report.modules)


@pytest.mark.parametrize("name", ["total_modules", "running", "undeclared", "ports", "gates_unknown"])
def test_a_summary_that_its_rows_do_not_add_up_to_cannot_be_made(name: str) -> None:
    report = build_report(desired(), evidence(), CHECKS)
    dumped = report.model_dump()
    RegistryReport.model_validate(dumped)
    dumped["summary"][name] += 1
    with pytest.raises(ValidationError):
        RegistryReport.model_validate(dumped)


def test_what_the_report_reads_is_what_it_needs() -> None:
    asked = list_needs(desired())
    assert len(set(asked)) == len(asked)
    undeclared = {item.need for item in ITEMS} - set(asked)
    assert undeclared == set()
    assert any(one.fact == "file" and one.subject == "/bin/true" for one in asked)


def test_an_unknown_never_reads_as_absent_or_none() -> None:
    """Taking any one known fact away changes the text only towards `unknown`, never towards a number or a dash."""
    whole = write_markdown(build_page(build_report(desired(), evidence(), ())))
    for item in ITEMS:
        rest = tuple(other for other in ITEMS if other is not item)
        text = write_markdown(build_page(build_report(desired(), evidence(rest), ())))
        assert text.count("absent") <= whole.count("absent"), item.need
        assert text.count("not-found") <= whole.count("not-found"), item.need
        assert text.count("missing (") <= whole.count("missing ("), item.need
