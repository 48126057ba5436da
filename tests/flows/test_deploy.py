"""Deploys of small fleets to a real host that boots for them: what changes, what the operator is told, what is left."""

import os
import re
import time
from collections.abc import Callable

import pytest

from qtctl.adapters.ssh import SshHost
from qtctl.apply.shared import SharedHost
from qtctl.cli.exits import Exit, choose_deploy_exit
from qtctl.errors import HostError, Unreachable
from qtctl.interfaces.host import BusCall
from qtctl.lab import lab
from qtctl.model.events import Event, Stage
from qtctl.model.plan import Plan, StepKind, StepStatus
from qtctl.model.states import ServiceState
from qtctl.plan.outcome import DeployOutcome, DeployStatus, ReasonKind
from qtctl.reports.deploy_text import describe_end, describe_problems
from tests.builders.planned import UNITS
from tests.flows.ground import (
    NAME,
    PORT,
    SERVE,
    SLEEP,
    THREE,
    WHO,
    Ground,
    became,
    ends,
    fleet,
    said,
    steps,
)

pytestmark = pytest.mark.lab
WAYS = os.environ.get("QTCTL_WAYS")


def asks_nobody(planned: Plan) -> bool:
    pytest.fail(f"asked about {planned}")


def test_a_second_run_changes_nothing_asks_nobody_and_is_quick(ground: Ground) -> None:
    started = time.monotonic()
    outcome = ground.deploy(fleet(THREE), asks_nobody)
    assert time.monotonic() - started < 3
    assert (outcome.status, outcome.plan.steps, outcome.outstanding) == (DeployStatus.UNCHANGED, (), ())


def test_what_is_deployed_is_there_runs_and_starts_at_boot(ground: Ground) -> None:
    states = ground.run(
        "systemctl is-active quantum-a quantum-b quantum-c quantum.target; systemctl is-enabled quantum-a"
    )
    assert states.split() == ["active"] * 4 + ["enabled"]
    assert ground.run("stat -c '%a %U:%G' /etc/quantum /etc/quantum/a.env").splitlines() == [
        "755 root:root",
        "600 root:root",
    ]
    assert ground.run(r"ls -A /tmp /etc/quantum /etc/systemd/system | grep -c '\.qtctl' || true").strip() == "0"


def test_a_description_restarts_nothing_also_later(ground: Ground) -> None:
    before = ground.pids()
    changed = fleet(THREE, descriptions={"a": "other words"})
    outcome = ground.deploy(changed)
    assert steps(outcome) == [(StepKind.WRITE, "quantum-a.service"), (StepKind.RELOAD, "systemd")]
    assert ground.run("systemctl show -P Description quantum-a").strip() == "other words"
    assert ground.deploy(changed).status is DeployStatus.UNCHANGED
    assert ground.pids() == before


def test_a_description_written_by_hand_and_never_reloaded_is_noticed(ground: Ground) -> None:
    """What the process has read cannot show any more that only the description differs."""
    for command in ("/usr/bin/sleep 4713", SLEEP):
        ground.deploy(fleet({**THREE, "a": command}), steady_s=0.1)
    changed = fleet(THREE, descriptions={"a": "other words"})
    path = f"{UNITS}/quantum-a.service"
    content = next(file.content for file in changed.files if file.path == path)
    at = ground.run(f"stat -c %.9Y {path}").strip()
    later = f"{at.partition('.')[0]}.{int(at.partition('.')[2]) + 1000:09d}"
    lab.execute(NAME, ["sh", "-c", f"cat >{path}; touch -d @{later} {path}"], stdin=content)
    outcome = ground.deploy(changed)
    stop, start = (StepKind.STOP, "quantum-a.service"), (StepKind.START, "quantum-a.service")
    assert steps(outcome) == [stop, (StepKind.RELOAD, "systemd"), start]


def test_a_new_command_and_a_new_env_restart_only_their_services(ground: Ground) -> None:
    before = ground.pids()
    outcome = ground.deploy(fleet({**THREE, "b": "/usr/bin/sleep 99999"}))
    after = ground.pids()
    assert (StepKind.RESTART, "quantum-b.service") in steps(outcome)
    assert [name for name in before if before[name] != after[name]] == ["b"]
    ground.deploy(fleet(THREE, env=b"A=canary-7\n"))
    assert all(ground.pids()[name] != after[name] for name in "abc")
    assert "canary" not in repr([(step.reason, step.diff) for step in outcome.plan.steps])


def test_declining_changes_nothing(ground: Ground) -> None:
    before = ground.run("cat /etc/systemd/system/quantum-*.service")
    outcome = ground.deploy(fleet(THREE, descriptions={"a": "no"}), lambda _planned: False)
    assert ends(outcome) == (DeployStatus.DECLINED, None)
    assert set(became(outcome).values()) == {StepStatus.NOT_RUN}
    assert ground.run("cat /etc/systemd/system/quantum-*.service") == before


def test_a_missing_program_is_taken_back_and_says_why(ground: Ground) -> None:
    before = ground.files()
    outcome = ground.deploy(fleet({"a": "/nonexistent", "b": SLEEP, "c": "/usr/bin/sleep 88888"}))
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.STEPS_FAILED)
    assert became(outcome)[StepKind.RESTART, "quantum-a.service"] is StepStatus.FAILED
    assert became(outcome)[StepKind.RESTART, "quantum-c.service"] is StepStatus.DONE
    assert all(result.took_s is not None and 0 <= result.took_s < 15 for result in outcome.results)
    assert "QT204 quantum-a.service" in {f"{each.id} {each.subject}" for each in outcome.outstanding}
    assert [each.unit for each in outcome.failures] == ["quantum-a.service"], said(outcome)
    why = outcome.failures[0]
    assert why.why == "203/EXEC: the program is missing, not executable, or its interpreter is"
    # What the process itself said is lost where it is gone before journald asks whose it was.
    assert 5 <= len(why.journal) <= 6
    assert any("status=203/EXEC" in line for line in why.journal)
    text = said(outcome)
    assert "h1: it was rolled back, and the host is as it was before: steps failed" in text
    assert "failed: restart quantum-a.service: Job for quantum-a.service failed" in text
    assert "why: quantum-a.service: failed (failed), 203/EXEC: the program is missing" in text
    assert ground.files() == before
    assert ground.deploy(fleet(THREE), asks_nobody).outstanding == ()


def test_what_was_not_touched_is_not_started_again_by_going_back(ground: Ground) -> None:
    before = ground.pids()
    outcome = ground.deploy(fleet({**THREE, "a": "/nonexistent"}))
    assert outcome.status is DeployStatus.RESTORED
    after = ground.pids()
    assert [name for name in before if before[name] != after[name]] == ["a"]
    assert ground.run("cat /proc/$(systemctl show -P MainPID quantum-a)/cmdline | tr '\\0' ' '").strip() == SLEEP


def test_a_program_that_dies_after_three_seconds_is_taken_back(ground: Ground) -> None:
    dies = fleet({**THREE, "b": "/bin/sh -c 'sleep 3; exit 1'"})
    outcome = ground.deploy(dies, steady_s=5, deadline_s=30)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.NOT_AS_DECLARED)
    assert "quantum-b.service" in said(outcome)


def test_a_service_that_keeps_dying_is_not_a_success(ground: Ground) -> None:
    looping = fleet(
        {**THREE, "a": "/usr/bin/sleep 0.7"},
        extra="StartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=100ms",
    )
    outcome = ground.deploy(looping, deadline_s=5)
    assert outcome.status is DeployStatus.RESTORED
    assert re.search(r"open: .*quantum-a\.service", said(outcome))


RESTARTS = "StartLimitIntervalSec=60\nStartLimitBurst=3\n[Service]\nRestart=always\nRestartSec=100ms\n"


@pytest.mark.parametrize(
    ("command", "extra", "why", "said"),
    [
        (
            "/bin/sh -c 'sleep 0.3; echo disk is full; exit 4'",
            RESTARTS,
            "4/NOPERMISSION: the program itself ended",
            "disk is full",
        ),
        ("/usr/bin/true", "", "inactive (dead)", "Deactivated successfully"),
    ],
    ids=["start limit", "ended"],
)
def test_waiting_ends_when_nothing_can_change(ground: Ground, command: str, extra: str, why: str, said: str) -> None:
    """A unit that systemd has given up, or that ended and is not started again: 60 s would change nothing."""
    events: list[Event] = []
    began = time.monotonic()
    outcome = ground.deploy(fleet({**THREE, "a": command}, extra=extra), deadline_s=60, progress=events.append)
    assert time.monotonic() - began < 30
    assert outcome.status is DeployStatus.RESTORED
    (failure,) = outcome.failures
    assert failure.unit == "quantum-a.service"
    assert why in failure.said
    assert len(failure.journal) == 6 or not extra, failure.journal
    assert any(said in line for line in failure.journal)
    shown = describe_problems(outcome)
    assert f"why: quantum-a.service: {failure.said}" in shown
    assert all(f"  | {line}" in shown for line in failure.journal)
    waited = [event.detail for event in events if event.waiting]
    assert any(re.match(r"[0-9]+ of [0-9]+ as declared, waiting for quantum-a.service \(", each) for each in waited)


def test_it_waits_for_the_declared_port(ground: Ground) -> None:
    slow = {**THREE, "a": f"/bin/sh -c 'sleep 1.5; exec {SERVE}'"}
    assert ground.deploy(fleet(slow, ports={"a": PORT})).status is DeployStatus.DEPLOYED
    assert "127.0.0.1:18080" in ground.run("ss -Hlnt")


def test_a_port_that_never_listens_is_told_at_the_deadline(ground: Ground) -> None:
    outcome = ground.deploy(fleet({**THREE, "a": "/usr/bin/sleep 77777"}, ports={"a": PORT}), deadline_s=5)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.NOT_AS_DECLARED)
    assert {each.status for each in outcome.results} == {StepStatus.DONE}
    assert "open: QT301" in said(outcome)


def test_a_mask_is_refused_and_taken_over_only_when_told(ground: Ground) -> None:
    ground.run("rm /etc/systemd/system/quantum-a.service; systemctl mask --now quantum-a")
    refused = ground.deploy(fleet(THREE))
    assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "there is a mask" in said(refused)
    assert ground.run("readlink /etc/systemd/system/quantum-a.service").strip() == "/dev/null"
    assert ground.deploy(fleet(THREE), take_over=True).status is DeployStatus.DEPLOYED
    assert ground.deploy(fleet(THREE)).status is DeployStatus.UNCHANGED


def test_a_file_edited_while_the_person_decides_is_left_alone(ground: Ground) -> None:
    def edit(_planned: Plan) -> bool:
        ground.run("echo '# mine' >>/etc/systemd/system/quantum-a.service")
        return True

    refused = ground.deploy(fleet(THREE, descriptions={"a": "other"}), edit)
    assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.NOT_INSTALLED)
    assert "has changed since this was planned" in said(refused)
    assert set(became(refused).values()) == {StepStatus.NOT_RUN}
    assert "# mine" in ground.run("cat /etc/systemd/system/quantum-a.service")


@pytest.mark.parametrize("reload", ["", "; systemctl daemon-reload"], ids=["not loaded", "loaded"])
def test_a_drop_in_that_appears_while_the_person_decides_is_refused(ground: Ground, reload: str) -> None:
    folder = f"{UNITS}/quantum-a.service.d"

    def decide(_planned: Plan) -> bool:
        ground.run(f"mkdir {folder}; printf '[Service]\\nUser=nobody-of-this-name\\n' >{folder}/x.conf{reload}")
        return True

    before = ground.pids()
    try:
        outcome = ground.deploy(fleet({**THREE, "a": "/usr/bin/sleep 4716"}), decide)
        assert ends(outcome) == (DeployStatus.REFUSED, ReasonKind.NOT_INSTALLED)
        assert "quantum-a.service: its files or drop-ins were changed since this was planned" in said(outcome)
        assert ground.pids() == before
    finally:
        ground.run(f"rm -r {folder}; systemctl daemon-reload")


def test_two_deploys_at_once(ground: Ground) -> None:
    """The second is refused while the first is being watched."""
    refused: list[DeployOutcome] = []

    def also(event: Event) -> None:
        if event.stage is Stage.VERIFY and not refused:
            refused.append(ground.deploy(fleet(THREE, descriptions={"a": "third"})))

    first = ground.deploy(fleet(THREE, descriptions={"a": "other"}), progress=also)
    assert first.status is DeployStatus.DEPLOYED
    assert ends(refused[0]) == (DeployStatus.REFUSED, ReasonKind.LOCKED)
    assert refused[0].reason
    assert refused[0].reason.holder == WHO
    assert f"{refused[0].reason.holder} is deploying to it now" in said(refused[0])


def interrupt_in(stage: Stage) -> Callable[[Event], None]:
    def interrupt(event: Event) -> None:
        if event.stage is stage:
            raise KeyboardInterrupt

    return interrupt


def test_an_interrupt_while_it_is_being_changed_takes_it_back(ground: Ground) -> None:
    before = ground.files()
    slow = fleet(THREE, extra="[Service]\nExecStartPre=/usr/bin/sleep 1")
    outcome = ground.deploy(slow, progress=interrupt_in(Stage.CHANGE))
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.INTERRUPTED)
    assert "the host is as it was before: interrupted" in said(outcome)
    assert ground.files() == before
    assert ground.deploy(fleet(THREE), asks_nobody).status is DeployStatus.UNCHANGED


def test_an_interrupt_while_it_is_being_verified_takes_it_back(ground: Ground) -> None:
    before, pids = ground.files(), ground.pids()
    outcome = ground.deploy(fleet(THREE, descriptions={"a": "other"}), progress=interrupt_in(Stage.VERIFY))
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.INTERRUPTED)
    assert "the host is as it was before: interrupted" in said(outcome)
    assert (ground.files(), ground.pids()) == (before, pids)


def test_a_rollback_that_takes_long_is_told_to_go_on(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.flows.deploy.RESTORE_S", 0.0)
    outcome = ground.deploy(fleet({**THREE, "a": "/usr/bin/no-such-program"}))
    ground.settle()
    assert outcome.status is DeployStatus.FAILED
    assert "the host continues the rollback by itself" in said(outcome)


def test_an_interrupt_before_anything_is_begun_leaves_the_host_as_it_was(ground: Ground) -> None:
    def interrupt(_planned: Plan) -> bool:
        raise KeyboardInterrupt

    before = ground.run("cat /etc/systemd/system/quantum-*.service")
    outcome = ground.deploy(fleet(THREE, descriptions={"a": "other"}), interrupt)
    assert ends(outcome) == (DeployStatus.INTERRUPTED, ReasonKind.INTERRUPTED)
    assert set(became(outcome).values()) == {StepStatus.NOT_RUN}
    assert ground.run("cat /etc/systemd/system/quantum-*.service") == before


@pytest.mark.skipif(WAYS != "all", reason="takes half a minute: set QTCTL_WAYS=all")
def test_a_deploy_is_watched_however_long_its_staging_takes(ground: Ground) -> None:
    """The service that watches over it starts before the transaction, and would give up the wait for it."""
    slow = '#!/bin/sh\ncase "$*" in */number) sleep 17 ;; esac\nexec /usr/bin/real-sync "$@"\n'
    ground.run(f"mv /usr/bin/sync /usr/bin/real-sync; printf '{slow}' >/usr/bin/sync; chmod 0755 /usr/bin/sync")
    try:
        outcome = ground.deploy(fleet(THREE, descriptions={"a": "slowly staged"}), deadline_s=30)
    finally:
        ground.run("mv /usr/bin/real-sync /usr/bin/sync")
    ground.settle()
    assert outcome.status is DeployStatus.DEPLOYED


def test_a_host_that_takes_no_new_login_is_not_called_deployed(ground: Ground) -> None:
    """The gate opens only for a look over a connection that was made after the change."""
    made: list[SshHost] = []

    def connect() -> SshHost:
        if made:
            raise Unreachable("no more logins")
        made.append(ground.connect())
        return made[0]

    before = ground.files()
    outcome = ground.deploy(fleet(THREE, descriptions={"a": "other"}), connect=connect, deadline_s=4)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.HOST_LOST)
    assert "no more logins" in said(outcome)
    assert ground.files() == before


def test_an_account_without_sudo_is_refused(ground: Ground) -> None:
    refused = ground.deploy(fleet(THREE), asks_nobody, user="plain")
    assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
    assert "nothing was changed" in said(refused)


def test_declared_stopped_is_stopped_and_disabled_and_nothing_else(ground: Ground) -> None:
    ground.run("systemd-run --unit=bystander sleep inf")
    wanted = fleet(THREE, states={"b": ServiceState.STOPPED})
    outcome = ground.deploy(wanted)
    assert steps(outcome) == [
        (StepKind.DISABLE, "quantum-b.service"), (StepKind.RELOAD, "systemd"), (StepKind.STOP, "quantum-b.service"),
    ]  # fmt: skip
    assert ground.deploy(wanted).status is DeployStatus.UNCHANGED
    undeclared = fleet({"a": SLEEP})
    assert ground.deploy(undeclared).status is DeployStatus.UNCHANGED
    assert ground.run("systemctl is-active quantum-c bystander").split() == ["active", "active"]


def test_the_network_goes_away_before_it_began(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtctl.apply.transaction._GONE_S", 3.0)
    wanted = fleet({**THREE, "a": "/usr/bin/sleep 66666"})

    def cut(_planned: Plan) -> bool:
        lab.unplug(NAME)
        return True

    try:
        outcome = ground.deploy(wanted, cut, deadline_s=3)
        assert outcome.status in (DeployStatus.REFUSED, DeployStatus.FAILED)
        assert not any(result.done for result in outcome.results)
    finally:
        lab.plug(NAME)
    ground.settle()
    assert ground.deploy(wanted).status is DeployStatus.DEPLOYED


def test_a_host_without_a_bus_is_refused(ground: Ground) -> None:
    ground.run("mv /usr/bin/systemd-stdio-bridge /usr/bin/hidden-bridge")
    try:
        refused = ground.deploy(fleet({**THREE, "a": "/usr/bin/sleep 55555"}), asks_nobody)
        assert ends(refused) == (DeployStatus.REFUSED, ReasonKind.IN_THE_WAY)
        assert re.search("could not be read: .*no systemd-stdio-bridge", said(refused))
    finally:
        ground.run("mv /usr/bin/hidden-bridge /usr/bin/systemd-stdio-bridge")


def test_a_bus_that_restarts_between_two_looks_is_opened_again(ground: Ground) -> None:
    with ground.connect() as host:
        shared = SharedHost(host)
        assert names_its_version(shared)
        ground.run("systemctl kill -s KILL dbus; sleep 0.3; busctl status >/dev/null")
        with pytest.raises(HostError):
            names_its_version(shared)
        assert names_its_version(shared)


def names_its_version(host: SharedHost) -> bool:
    get = BusCall(
        "/org/freedesktop/systemd1", "org.freedesktop.DBus.Properties", "Get", "ss",
        ("org.freedesktop.systemd1.Manager", "Version"),
    )  # fmt: skip
    (reply,) = host.bus().call([get], 10)
    return bool(reply.body)


LOOP = "StartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=300ms"
LOOPS = "until [ $(systemctl show -P NRestarts quantum-a) -ge 6 ]; do sleep 0.2; done"


@pytest.mark.parametrize("extra", ["", LOOP] if WAYS == "all" else [LOOP])
def test_what_had_failed_before_is_told_and_takes_no_deploy_back(ground: Ground, extra: str) -> None:
    # Half of the time it is up.
    commands = {**THREE, "a": "/bin/sh -c 'test -e /run/there && exec sleep inf; sleep 0.3; exit 1'"}
    ground.run("touch /run/there")
    first = ground.deploy(fleet(commands, extra=extra))
    assert first.status is DeployStatus.DEPLOYED, said(first)
    ground.run("rm /run/there; systemctl restart quantum-a || :; systemctl --no-block restart quantum-b")
    ground.run(LOOPS if extra else "until systemctl is-failed quantum-a; do sleep 0.1; done")
    bad = ground.deploy(fleet({**commands, "b": "/bin/false"}, extra=extra))
    assert bad.status is DeployStatus.RESTORED, said(bad)
    outcome = ground.deploy(fleet({**commands, "b": "/usr/bin/sleep 4714"}, extra=extra))
    assert ends(outcome) == (DeployStatus.DEPLOYED, None), said(outcome)
    assert {*outcome.moving, *(each.subject for each in outcome.outstanding)} == {"quantum-a.service"}
    assert outcome.moving == (("quantum-a.service",) if extra else ())
    assert outcome.failed_before == ("quantum-a.service",)
    assert choose_deploy_exit(outcome) is Exit.FINDINGS
    text = "\n".join(describe_end(outcome, "h1"))
    assert "h1 now runs as declared, except for what had failed before:" in text
    assert "why: quantum-a.service: " in text
    assert ground.run("systemctl show -P ActiveState quantum-b").strip() == "active"
    ground.run("touch /run/there")
    again = ground.deploy(fleet(commands, extra=extra))
    assert again.status is DeployStatus.DEPLOYED
    assert all(each.id == "QT205" for each in again.outstanding), "it has just been restarted often"


@pytest.mark.skipif(WAYS != "all", reason="takes half a minute: set QTCTL_WAYS=all")
def test_a_slow_restart_loop_that_nothing_counts_yet_is_not_as_declared(ground: Ground) -> None:
    commands = {**THREE, "a": "/bin/sh -c 'test -e /run/there && exec sleep inf; sleep 2; exit 1'"}
    slow = fleet(commands, extra="StartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=2s")
    ground.run("touch /run/there")
    assert ground.deploy(slow).status is DeployStatus.DEPLOYED
    ground.run("rm /run/there; systemctl restart quantum-a")
    found = ground.deploy(slow, deadline_s=10)
    assert ends(found) == (DeployStatus.UNCHANGED, None), said(found)
    assert not found.as_declared
    assert choose_deploy_exit(found) is Exit.FINDINGS
    assert "quantum-a.service does not stay up: it keeps being restarted" in "\n".join(describe_end(found, "h1"))


WHILE_IT_IS_VERIFIED = {
    "a file is removed": "rm /etc/quantum/c.env",
}


@pytest.mark.parametrize("change", WHILE_IT_IS_VERIFIED)
def test_what_somebody_changes_while_it_is_verified_is_noticed(ground: Ground, change: str) -> None:
    def interfere(event: Event) -> None:
        if event.stage is Stage.VERIFY and not done:
            done.append(ground.run(WHILE_IT_IS_VERIFIED[change]))

    done: list[str] = []
    outcome = ground.deploy(fleet({**THREE, "b": "/usr/bin/sleep 4715"}), progress=interfere, steady_s=1.5)
    assert ends(outcome) == (DeployStatus.RESTORED, ReasonKind.NOT_AS_DECLARED)
    assert " is needed once more (" in said(outcome).split("\n")[0]
