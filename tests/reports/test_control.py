"""How units are and what was done to them, as reports: what a reader sees, and what is unknown."""

import json
from dataclasses import replace

from qtctl.cli.exits import Exit, choose_control_exit, choose_status_exit, decide
from qtctl.formats.catalogue import write_text
from qtctl.model.control import (
    Contradiction,
    ControlOutcome,
    ControlPlan,
    ControlRequest,
    ControlStatus,
    ControlVerb,
    JobEnd,
    UnitResult,
    UnitState,
)
from qtctl.model.evidence import State
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import Dragged, Effect
from qtctl.model.states import ServiceState
from qtctl.model.unit_status import HostLook, JournalAccess
from qtctl.reports import control, control_view, unit_status, unit_status_view
from qtctl.reports.view import View
from tests.builders.evidence import miss, observe
from tests.builders.planned import desired, service

API, JOB, OFF = "quantum-api.service", "quantum-job.service", "quantum-off.service"
UP, DOWN = UnitState(API, "active", "running"), UnitState(API, "inactive", "dead")
PLAN = ControlPlan(
    "h1",
    ControlRequest(ControlVerb.STOP, (API,), reason="moving"),
    ((API,),),
    (Dragged("other.service", Effect.STOPS, f"Requires={API}", declared=False),),
    (Contradiction(API, "the registry declares it running"),),
    ((API, "its files have changed"),),
    before=(UP,),
)
RESULTS = (
    UnitResult(API, JobEnd.DONE, UP, DOWN),
    UnitResult("other.service", JobEnd.TIMEOUT, UnitState("other.service"), DOWN, "it hangs", f"Requires={API}"),
)
CONTROLLED = ControlOutcome("h1", ControlStatus.FAILED, PLAN, RESULTS, warnings=("no trail",))

STARTED = 1_768_600_000_000_000
WANTED = desired(service("api"), service("job", ServiceState.ON_TIMER), service("off", ServiceState.STOPPED))
RUNNING = Unit(
    "loaded", "active", "running", "enabled", main_pid=12, n_restarts=2, active_enter_timestamp=STARTED,
    result="success", memory_current=3_000_000, loaded={"TasksCurrent": (1 << 64) - 1},
)  # fmt: skip
SEEN = HostLook(
    "lab1",
    (API, JOB, OFF),
    Facts(
        [
            observe(API, RUNNING),
            miss(Unit.FACT, JOB, State.REFUSED, "no system bus"),
            observe(OFF, Unit("loaded", "active", "running", "disabled")),
        ],
        "2026-01-16T22:46:40.000Z",
    ),
    journal=JournalAccess.READ,
    lines={API: ("started", "ready \\x1b")},
    user="qtaudit",
)
GONE = HostLook("web-2", (API,), why="web-2: connection refused", hint="is sshd running there?")
LOOKS = ((WANTED, SEEN), (WANTED, GONE))


def page(view: View) -> str:
    return write_text(view, "md")


def test_status_has_what_systemctl_shows_and_counts_what_is_unknown() -> None:
    report = unit_status.build_report(LOOKS)
    api, job, off = report.hosts[0].units
    assert (api.as_declared, api.main_pid, api.memory_bytes, api.tasks, api.restarts) == (True, 12, 3_000_000, None, 2)
    assert api.since == "2026-01-16T21:46:40Z"
    assert (job.as_declared, job.active, job.reason) == (None, None, "no system bus")
    assert off.as_declared is False
    assert json.loads(unit_status.to_json(report))["totals"] == {
        "hosts": 2, "reached": 1, "units": 4, "as_declared": 1, "not_as_declared": 1, "unknown": 2,
    }  # fmt: skip


def test_a_page_of_several_hosts() -> None:
    text = page(unit_status_view.build_view(unit_status.build_report(LOOKS)))
    assert "| quantum-api.service | active (running) | 2026-01-16 21:46:40 (1h) | 12 | 2.9 MiB | 2 | running |" in text
    assert "unknown: no system bus" in text
    assert "not reached: web-2: connection refused (is sshd running there?)" in text
    assert "4 units: 1 as declared, 1 not as declared, 2 unknown. 1 of 2 hosts answered." in text


def test_a_unit_that_runs_without_a_file_is_not_called_absent() -> None:
    gone = replace(RUNNING, load_state="not-found", active_state="deactivating", sub_state="stop-sigterm")
    facts = Facts(
        [observe(API, gone), observe(JOB, replace(gone, active_state="inactive"))], "2026-01-16T22:46:40.000Z"
    )
    text = page(unit_status_view.build_view(unit_status.build_report([(WANTED, HostLook("lab1", (API, JOB), facts))])))
    assert f"| {API} | deactivating (stop-sigterm), its file is gone |" in text
    assert f"| {JOB} | not there |" in text


def test_who_may_not_read_the_journal_is_told_which_group_to_join() -> None:
    denied = replace(SEEN, journal=JournalAccess.DENIED, lines={})
    text = page(unit_status_view.build_view(unit_status.build_report([(WANTED, denied)])))
    assert "journal unknown: qtaudit may not read it" in text
    assert "usermod -aG systemd-journal qtaudit" in text


def test_a_service_that_waits_for_its_next_start_is_not_as_declared() -> None:
    looping = replace(RUNNING, active_state="activating", sub_state="auto-restart")
    look = HostLook("lab1", (API,), Facts([observe(API, looping)], "2026-01-16T22:46:40.000Z"))
    assert unit_status.build_report([(WANTED, look)]).hosts[0].units[0].as_declared is False


def test_results_are_systemds_words_beside_the_states() -> None:
    report = control.build_report([("lab1", CONTROLLED)], ControlVerb.STOP, "moving", exit_code=1)
    text = page(control_view.build_view(report))
    assert "| quantum-api.service | done | active | inactive (dead) |" in text
    assert "| other.service | timeout | unknown | inactive (dead) | it hangs |" in text
    assert "the registry declares it running" in text


EXITS = {
    ControlStatus.DONE: 0,
    ControlStatus.FAILED: 1,
    ControlStatus.DECLINED: 1,
    ControlStatus.NOT_REACHED: 3,
    ControlStatus.REFUSED: 4,
    ControlStatus.UNKNOWN: 5,
    ControlStatus.INTERRUPTED: 130,
}


def test_exit_codes() -> None:
    assert {status: choose_control_exit(ControlOutcome("h", status)) for status in ControlStatus} == EXITS
    ends = [choose_control_exit(ControlOutcome("h", status)) for status in (ControlStatus.DONE, ControlStatus.UNKNOWN)]
    assert decide(ends) is Exit.UNVERIFIED
    assert [choose_status_exit(*each) for each in ((0, 0), (1, 1), (0, 1))] == [0, 1, 3]
