"""What a change needs: of every directive of the table, and of a unit by its file, what is loaded, and its process."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.table.change_classes import find_change_class
from qtctl.dialects.systemd.table.lookup import list_directives
from qtctl.model.desired import DesiredCommand, DesiredService
from qtctl.model.plan import StepKind
from qtctl.model.states import ServiceState
from qtctl.plan.change_impact import find_change, is_stopped_otherwise
from tests.builders.planned import STARTED, UNITS, Ground, deployed, desired, other, service, target, timer, unit_text

A = "quantum-a.service"
PATH = f"{UNITS}/{A}"
RELOAD, START, STOP, RESTART = StepKind.RELOAD, StepKind.START, StepKind.STOP, StepKind.RESTART


def test_every_directive_has_a_class() -> None:
    found = {at: find_change_class(*at) for at in list_directives()}
    assert len(found) > 1300
    assert set(found.values()) == set(ChangeClass) - {ChangeClass.NOTHING}
    assert {at[0] for at, each in found.items() if each is ChangeClass.REENABLE} == {"Install"}
    assert {at for at, each in found.items() if each is ChangeClass.UNIT_RELOAD} == {("Mount", "Options")}
    assert not any(each.starts_anew for at, each in found.items() if at[0] in ("Timer", "Slice", "Install"))


@pytest.mark.parametrize(
    ("new", "needed"),
    [
        ("", ChangeClass.NOTHING),
        ("# another comment\n", ChangeClass.NOTHING),
        ("[X-Own]\nA=b\n", ChangeClass.NOTHING),
        ("[Install]\nWantedBy=x.target\n", ChangeClass.REENABLE),
        ("[Service]\nRestartSec=5\n", ChangeClass.DAEMON_RELOAD),
        ("[Service]\nRestartSec=5\nNice=5\n", ChangeClass.RESTART),
        ("[Service]\nMemoryMax=1G\n[Install]\nWantedBy=x.target\n", ChangeClass.DAEMON_RELOAD),
        ("no unit file\n\0", ChangeClass.RESTART),
    ],
)
def test_the_most_that_one_directive_needs(new: str, needed: ChangeClass) -> None:
    base = b"[Service]\nExecStart=/bin/x\n"
    assert find_change(base, base + new.encode(), "x.service") is needed


@pytest.mark.parametrize(("line", "differs"), [("ExecStop=/b", True), ("KillSignal=9", True), ("Nice=5", False)])
def test_what_counts_when_it_is_stopped(line: str, differs: bool) -> None:
    base = b"[Service]\nExecStart=/bin/x\n"
    assert is_stopped_otherwise(base, base + line.encode(), "x.service") is differs


def run(
    *made: DesiredService, text: bytes, after: Callable[[Ground], object] = lambda _: None
) -> list[tuple[StepKind, str]]:
    """The steps of units where the file of `a` gets another text."""
    others = (timer("a"),) if any(each.state is ServiceState.ON_TIMER for each in made) else ()
    ground = deployed(desired(*made, *others, target()))
    after(ground)
    planned = ground.plan(desired(*made, *others, target(), texts={PATH: text}))
    assert planned.refusals == ()
    return [(step.kind, step.subject) for step in planned.steps if step.kind is not StepKind.WRITE]


NEW = unit_text(A, "/usr/bin/sleep 5")
SLOWER = unit_text(A) + b"RestartSec=5\n"
STOPS = unit_text(A) + b"KillSignal=SIGINT\nNice=5\n"


def up(ground: Ground) -> None:
    ground.change_unit(A, active_state="active", sub_state="running", exec_main_start_timestamp=STARTED)


def stale(ground: Ground) -> None:
    ground.change_unit(A, need_daemon_reload=True)
    ground.change_file(PATH, mtime=STARTED + 1)


def test_a_running_service_is_restarted_after_the_reload() -> None:
    assert run(service("a"), text=NEW) == [(RELOAD, "systemd"), (RESTART, A)]


def test_what_the_manager_alone_reads_needs_the_reload_alone() -> None:
    assert run(service("a"), text=SLOWER) == [(RELOAD, "systemd")]


@pytest.mark.parametrize("how", ["other signal", "a command that stops it", "half deployed"])
def test_it_stops_with_the_definition_that_it_was_started_with(how: str) -> None:
    """Commands of the new file, or those of the old one as another user, would stop the old process."""
    stop = DesiredCommand("ExecStop", "", ("/bin/true",))
    made = service("a", commands=(stop,)) if how == "a command that stops it" else service("a")
    text = STOPS if how == "other signal" else NEW if how == "a command that stops it" else unit_text(A)
    after = stale if how == "half deployed" else (lambda _: None)
    assert run(made, text=text, after=after) == [(STOP, A), (RELOAD, "systemd"), (START, A)]


def test_the_service_of_a_timer_is_swapped_while_it_is_down_and_a_run_is_not_cut_off() -> None:
    made = service("a", ServiceState.ON_TIMER, type="oneshot")
    assert run(made, text=NEW) == [(RELOAD, "systemd")]
    assert run(made, text=NEW, after=up) == [(RELOAD, "systemd")]


def test_the_service_of_a_socket_is_swapped_while_it_is_down_and_restarted_while_it_runs() -> None:
    socket = other("quantum-a.socket", settings=(("ListenStream", "/run/x"),))
    made = replace(service("a", ServiceState.ON_DEMAND), type="exec")
    for running in (False, True):
        ground = deployed(desired(made, socket, target()))
        if running:
            up(ground)
        planned = ground.plan(desired(made, socket, target(), texts={PATH: NEW}))
        found = [(step.kind, step.subject) for step in planned.steps if step.kind is not StepKind.WRITE]
        assert found == [(RELOAD, "systemd"), *([(RESTART, A)] if running else [])]


def test_the_plan_names_the_class() -> None:
    ground = deployed(desired(service("a"), target()))
    planned = ground.plan(desired(service("a"), target(), texts={PATH: SLOWER}))
    assert [step.change for step in planned.steps] == [ChangeClass.DAEMON_RELOAD, None]
