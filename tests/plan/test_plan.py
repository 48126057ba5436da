"""Plans, case by case: how the host is, and the steps (kind, subject, part of the reason) that follow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from qtctl.model.desired import Desired
from qtctl.model.evidence import Need, State
from qtctl.model.facts import File, Unit
from qtctl.model.plan import StepKind
from qtctl.model.states import ServiceState
from tests.builders.planned import (
    BEFORE,
    STARTED,
    UNITS,
    Ground,
    deployed,
    desired,
    digest,
    service,
    target,
    timer,
    unit_text,
)

A, A_PATH, A_ENV = "quantum-a.service", f"{UNITS}/quantum-a.service", "/etc/quantum/a.env"
SIMPLE = desired(service("a"), target())
LATER = STARTED + 1

Change = Callable[[Ground], object]
Steps = Sequence[tuple[StepKind, str, str]]


def nothing(_ground: Ground) -> None:
    return


@dataclass(frozen=True)
class Case:
    """`after` is what has been done to a host on which `before` (else `wanted`) was deployed."""

    name: str
    wanted: Desired
    steps: Steps
    after: Change = nothing
    before: Desired | None = None


def unit(name: str, **changes: object) -> Change:
    return lambda ground: ground.change_unit(name, **changes)


def file(path: str, **changes: object) -> Change:
    return lambda ground: ground.change_file(path, **changes)


def forget(path: str) -> Change:
    return lambda ground: ground.files.pop(path) and None


def edited(path: str, content: bytes, mtime: int = LATER) -> Change:
    return lambda ground: ground.put(path, content, ours=True, mtime=mtime)


def disabled(ground: Ground) -> None:
    ground.change_unit(A, unit_file_state="disabled")
    del ground.files[f"{UNITS}/quantum.target.wants/{A}"]


WRITE, RELOAD, ENABLE, DISABLE = StepKind.WRITE, StepKind.RELOAD, StepKind.ENABLE, StepKind.DISABLE
RESET, START, STOP, RESTART = StepKind.RESET_FAILED, StepKind.START, StepKind.STOP, StepKind.RESTART
STOPPED = desired(service("a", ServiceState.STOPPED), target())
PULLED_IN = (("RefuseManualStart", "true"),)
ON_TIMER = desired(service("a", ServiceState.ON_TIMER), timer("a"), target())
TIED = desired(service("a"), service("b", requires=(A,), after=(A,)), target())

CASES = [
    Case("as declared", SIMPLE, []),
    Case("as declared, stopped", STOPPED, []),
    Case("as declared, on a timer", ON_TIMER, []),
    Case("stopped by hand", SIMPLE, [(START, A, "inactive, declared running")],
         unit(A, active_state="inactive", sub_state="dead")),
    Case("failed", SIMPLE, [(RESET, A, "failed (exit-code)"), (START, A, "failed, declared running")],
         unit(A, active_state="failed", sub_state="failed", result="exit-code")),
    Case("restart loop", SIMPLE, [(RESTART, A, "in a restart loop (exit-code)")],
         unit(A, active_state="activating", sub_state="auto-restart", result="exit-code")),
    Case("restart loop of systemd 254 and later", SIMPLE, [(RESTART, A, "in a restart loop (exit-code)")],
         unit(A, active_state="activating", sub_state="auto-restart-queued", result="exit-code")),
    Case("restart loop, counted", SIMPLE,
         [(RESET, A, "systemd restarted it 4 times"), (RESTART, A, "in a restart loop")],
         unit(A, active_state="activating", sub_state="auto-restart", result="exit-code", n_restarts=4)),
    Case("repaired by systemd", SIMPLE, [], unit(A, active_state="active", sub_state="running", n_restarts=1)),
    Case("still starting", SIMPLE, [], unit(A, active_state="activating", sub_state="start")),
    Case("a target that only others may start", desired(service("a"), target(unit_settings=PULLED_IN)), [],
         unit("quantum.target", active_state="inactive", sub_state="dead")),
    Case("a target that something else starts", desired(service("a"), target(active=None)), [],
         unit("quantum.target", active_state="inactive", sub_state="dead")),
    Case("a target that something else started", desired(service("a"), target(active=None)), [],
         unit("quantum.target", active_state="active", sub_state="active")),
    Case("wanted by another name of systemd's targets", desired(service("a", wanted_by=("default.target",)), target()),
         [], unit(A, wanted_by=["graphical.target"])),
    Case("wanted by a target's other name",
         desired(service("a", wanted_by=("all.target",)), target(install=(("Alias", "all.target"),))),
         [], unit(A, wanted_by=["quantum.target"])),
    Case("disabled though running", SIMPLE,
         [(ENABLE, A, "disabled, declared to start at boot"), (RELOAD, "systemd", "")],
         disabled),
    Case("its link is gone though another is there", SIMPLE,
         [(ENABLE, A, "quantum.target.wants/"), (RELOAD, "systemd", "")],
         forget(f"{UNITS}/quantum.target.wants/{A}")),
    Case("a target of an earlier [Install] still pulls it in", SIMPLE,
         [(DISABLE, A, "multi-user.target still"), (ENABLE, A, "multi-user.target"), (RELOAD, "systemd", "")],
         unit(A, wanted_by=["multi-user.target", "quantum.target"])),
    Case("a target of an earlier [Install] pulls in what has none now", STOPPED,
         [(DISABLE, A, "multi-user.target still"), (RELOAD, "systemd", "enablement")],
         unit(A, wanted_by=["multi-user.target"], unit_file_state="static")),
    Case("runs though declared stopped", STOPPED, [(STOP, A, "active, declared stopped")],
         unit(A, active_state="active", sub_state="running")),
    Case("enabled though declared stopped", STOPPED, [(DISABLE, A, "enabled"), (RELOAD, "systemd", "enablement")],
         unit(A, unit_file_state="enabled")),
    Case("enabled though on a timer", ON_TIMER, [(DISABLE, A, "enabled"), (RELOAD, "systemd", "enablement")],
         unit(A, unit_file_state="enabled")),
    Case("a running oneshot of a timer is left alone", ON_TIMER, [],
         unit(A, active_state="activating", sub_state="start")),
    Case("a failed oneshot of a timer is left alone", ON_TIMER, [],
         unit(A, active_state="failed", sub_state="failed")),
    Case("timer stopped by hand", ON_TIMER, [(START, "quantum-a.timer", "inactive, declared active")],
         unit("quantum-a.timer", active_state="inactive")),
    Case("not reloaded", SIMPLE,
         [(RELOAD, "systemd", f"has not read the file of {A}")], unit(A, need_daemon_reload=True)),
    Case("unit file touched since the start", SIMPLE, [(RESTART, A, f"{A_PATH} (")], file(A_PATH, mtime=LATER)),
    Case("env file written since the start", SIMPLE, [(RESTART, A, f"{A_ENV} (")], file(A_ENV, mtime=LATER)),
    Case("secrets written since the start", desired(service("a", secrets_file="/etc/s.env"), target()),
         [(RESTART, A, "/etc/s.env (")], lambda g: g.put("/etc/s.env", b"", ours=False, mtime=LATER)),
    Case("edited by hand", SIMPLE,
         [(WRITE, A_PATH, "content differs"), (RELOAD, "systemd", "1 unit file written"),
          (RESTART, A, f"{A_PATH} changes")],
         edited(A_PATH, unit_text(A, "/usr/bin/sleep 5"))),
    Case("env file with wrong mode restarts nothing", SIMPLE, [(WRITE, A_ENV, "mode is 0644, declared 0600")],
         file(A_ENV, mode="0644")),
    Case("env file of another owner", SIMPLE, [(WRITE, A_ENV, "owner is qt:qt, declared root:root")],
         file(A_ENV, owner="qt", group="qt")),
    Case("env file with another content", SIMPLE,
         [(WRITE, A_ENV, "content differs (values not shown)"), (RESTART, A, f"{A_ENV} changes")],
         file(A_ENV, sha256=digest(b"other"))),
    Case("env file gone", SIMPLE, [(WRITE, A_ENV, "not on the host"), (RESTART, A, f"{A_ENV} changes")], forget(A_ENV)),
    Case("another description restarts nothing",
         desired(service("a"), target(), texts={A_PATH: unit_text("new words")}),
         [(WRITE, A_PATH, "content differs"), (RELOAD, "systemd", "1 unit file written")], before=SIMPLE),
    Case("a new command restarts", desired(service("a"), target(), texts={A_PATH: unit_text(A, "/usr/bin/sleep 5")}),
         [(WRITE, A_PATH, "content differs"), (RELOAD, "systemd", ""), (RESTART, A, f"{A_PATH} changes")],
         before=SIMPLE),
    Case("a restart says what it drags along",
         desired(*TIED.services, *TIED.targets, texts={A_PATH: unit_text(A, "/usr/bin/sleep 5")}),
         [(WRITE, A_PATH, ""), (RELOAD, "systemd", ""), (RESTART, A, "; restarts too: quantum-b.service")],
         before=TIED),
    Case("a service is added", desired(service("a"), service("b"), target()),
         [(WRITE, "/etc/quantum/b.env", "not on the host"), (WRITE, f"{UNITS}/quantum-b.service", "not on the host"),
          (ENABLE, "quantum-b.service", "not on the host"),
          (RELOAD, "systemd", "1 unit file written; enablement changes"),
          (START, "quantum-b.service", "inactive")], before=SIMPLE),
    Case("a unit no longer declared is not touched", desired(target()), [], before=SIMPLE),
    Case("declared stopped now", STOPPED, [(DISABLE, A, ""), (RELOAD, "systemd", ""), (STOP, A, "")], before=SIMPLE),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_steps(case: Case) -> None:
    ground = deployed(case.before or case.wanted)
    case.after(ground)
    planned = ground.plan(case.wanted)
    assert planned.refusals == ()
    assert [(step.kind, step.subject) for step in planned.steps] == [step[:2] for step in case.steps]
    for step, (_, _, reason) in zip(planned.steps, case.steps, strict=True):
        assert reason in step.reason
        assert step.reason
        assert step.seen or step.kind in (RELOAD, ENABLE)
    ground.apply(planned, case.wanted)
    assert ground.plan(case.wanted).steps == ()


def test_starts_follow_their_dependencies() -> None:
    chain = [
        service("a", after=("quantum-b.service", "redis-server.service")),
        service("b", after=("quantum-c.service",)),
    ]
    wanted = desired(*chain, service("c"), service("d", before=("quantum-c.service",)), timer("e"), target())
    steps = Ground().plan(wanted).steps
    kinds = [step.kind for step in steps]
    assert kinds == sorted(kinds, key=[WRITE, ENABLE, RELOAD, START].index)
    starts = [step.subject for step in steps if step.kind is START]
    assert starts == [f"quantum-{name}.service" for name in "dcba"] + ["quantum-e.timer", "quantum.target"]


def test_a_cycle_still_gives_every_start_once() -> None:
    wanted = desired(service("a", after=("quantum-b.service",)), service("b", after=(A,)))
    steps = Ground().plan(wanted).steps
    assert [step.subject for step in steps if step.kind is START] == [A, "quantum-b.service"]


def masked(ground: Ground) -> None:
    ground.files[A_PATH] = File("link", "0777", "root", "root", 9, BEFORE, "/dev/null")
    ground.change_unit(A, load_state="masked", unit_file_state="masked", active_state="inactive")


def masked_at_run_time(ground: Ground) -> None:
    del ground.files[A_PATH]
    ground.change_unit(A, load_state="masked", unit_file_state="masked-runtime", active_state="inactive")


def vendors(ground: Ground) -> None:
    del ground.files[A_PATH]
    ground.change_unit(A, fragment_path=f"/lib/systemd/system/{A}")


def directory(ground: Ground) -> None:
    ground.files[A_PATH] = File("dir", "0755", "root", "root", 0, BEFORE)


FOREIGN: dict[str, tuple[Change, str, str]] = {
    "a file of another": (
        lambda g: g.put(A_PATH, b"[Service]\n", ours=False),
        A_PATH,
        "a file that qtctl did not write",
    ),
    "an env file of another": (lambda g: g.put(A_ENV, b"A=b\n", ours=False), A_ENV, "a file that qtctl did not write"),
    "a mask": (masked, A_PATH, "a mask (a link to /dev/null)"),
    "a mask at run time": (masked_at_run_time, A, "masked"),
    "a directory": (directory, A_PATH, "a directory"),
    "a vendor's unit": (vendors, A, f"already defined by /lib/systemd/system/{A}"),
}


@pytest.mark.parametrize("take_over", [False, True])
def test_a_definition_that_wins_over_the_file_is_refused(*, take_over: bool) -> None:
    ground = deployed(SIMPLE)
    ground.change_unit(A, fragment_path=f"/run/systemd/generator.early/{A}")
    planned = ground.plan(SIMPLE, take_over=take_over)
    assert [each.subject for each in planned.refusals] == [A]
    assert "which overrides" in planned.refusals[0].reason


@pytest.mark.parametrize("case", sorted(FOREIGN))
def test_what_is_not_qtctls_is_refused_unless_taken_over(case: str) -> None:
    happen, subject, reason = FOREIGN[case]
    ground = deployed(SIMPLE)
    happen(ground)
    planned = ground.plan(SIMPLE)
    assert planned.steps == ()
    assert [refusal.subject for refusal in planned.refusals] == [subject]
    assert reason in planned.refusals[0].reason
    assert "--take-over" in planned.refusals[0].hint
    taken = ground.plan(SIMPLE, take_over=True)
    assert taken.refusals == ()
    ground.apply(taken, SIMPLE)
    assert not ground.plan(SIMPLE).changes


@pytest.mark.parametrize("state", [State.REFUSED, State.UNPARSEABLE, State.NOT_ASKED])
@pytest.mark.parametrize("need", [Need(Unit.FACT, A), Need(File.FACT, A_ENV)])
def test_what_is_not_known_is_refused(need: Need, state: State) -> None:
    ground = deployed(SIMPLE)
    ground.unknown[need] = state
    for take_over in (False, True):
        planned = ground.plan(SIMPLE, take_over=take_over)
        assert planned.steps == ()
        assert [refusal.subject for refusal in planned.refusals] == [need.subject]
        assert "could not be read: permission denied" in planned.refusals[0].reason


def test_a_file_without_a_digest_is_refused() -> None:
    ground = deployed(SIMPLE)
    ground.change_file(A_ENV, sha256=None)
    assert [refusal.subject for refusal in ground.plan(SIMPLE).refusals] == [A_ENV]


def test_a_differing_unit_file_that_was_not_read_is_refused() -> None:
    ground = deployed(SIMPLE)
    ground.change_file(A_PATH, sha256=digest(b"other"))
    del ground.contents[A_PATH]
    assert [refusal.subject for refusal in ground.plan(SIMPLE).refusals] == [A_PATH]


def test_a_diff_shows_what_changes_and_no_secret() -> None:
    ground = deployed(SIMPLE)
    old = b"[Service]\nUser=qt\nEnvironment=KEY=canary-1 \\\n  B=canary-2\n"
    old += b"ExecStart=/usr/bin/x --token canary-3\nUser=a\n"
    ground.put(A_PATH, old, ours=False)
    ground.change_file(A_ENV, sha256=digest(b"KEY=canary-4"))
    steps = ground.plan(SIMPLE, take_over=True).steps
    shown = "\n".join(f"{step.reason}\n{step.diff}" for step in steps)
    assert "canary" not in shown
    assert "+ExecStart=/usr/bin/sleep inf" in shown
    assert "-ExecStart=/usr/bin/x (not shown)" in shown
    assert "-Environment=(not shown)" in shown
    assert "-User=a" in shown
    assert [step.diff for step in steps if step.subject == A_ENV] == [""]


def test_a_unit_that_is_declared_stopped_is_stopped_even_if_it_goes_down_along_with_another() -> None:
    """systemd drags it along only if it has read the definition that says so."""
    down = service("c", ServiceState.STOPPED, wanted_by=(), requires=("quantum-b.service",))
    before = desired(service("b"), service("c"), target())
    path = f"{UNITS}/quantum-b.service"
    after = desired(service("b"), down, target(), texts={path: unit_text("b", "/bin/y")})
    ground = deployed(before)
    ground.change_unit("quantum-b.service", need_daemon_reload=True)
    steps = [(step.kind, step.subject) for step in ground.plan(after).steps]
    assert (StepKind.STOP, "quantum-c.service") in steps
