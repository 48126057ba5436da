"""QT204, QT205, QT206, QT209, QT219: what a declared unit does now. At most one of 204, 205, 206, 219 is broken."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.socket_owners import list_starting_sockets
from qtctl.meaning.units import Condition, LoopLimits, find_condition, is_up, read_unit
from qtctl.model.desired import Desired, RetiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit, UnitListing
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import DeclaredUnit, Root, deploy_command, list_declared_units, make_unit_expectation
from qtctl.rules.exit_status import describe_ending, find_hint
from qtctl.rules.likely_causes import keep_supported
from qtctl.rules.removal import choose_removal
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

LISTING = Need(UnitListing.FACT, "*")


def _make_need(declared: DeclaredUnit) -> Need:
    return Need(Unit.FACT, declared.unit)


def _prove_active(declared: DeclaredUnit, unit: Unit) -> ProofSource:
    return proofs.prove_unit_property(_make_need(declared), declared.unit, "ActiveState", unit.active_state)


def _expect_state(desired: Desired, bad: Condition, *, services_only: bool) -> tuple[Expectation, ...]:
    """One expectation per unit: its condition is not `bad`. If it is, the units that it depends on may explain it."""
    return tuple(
        make_unit_expectation(
            declared, {"not": str(bad)}, partial(_is_not, desired=desired, declared=declared, bad=bad), declared.causes
        )
        for declared in list_declared_units(desired)
        if declared.is_service or not services_only
    )


def _is_not(facts: Facts, desired: Desired, declared: DeclaredUnit, bad: Condition) -> Judgment:
    unit = read_unit(facts, declared.unit)
    if unit is None:
        return NOT_JUDGED
    found = _find_condition(desired, declared, unit, facts)
    if found in (Condition.UP, Condition.DOWN):
        return Verdict(True, {"active": unit.active_state, "sub": unit.sub_state}, (_prove_active(declared, unit),))
    if found is not bad:
        return NOT_JUDGED
    roots = keep_supported(facts, desired, declared, unit)
    return Verdict(
        False,
        _show_observed(unit),
        _explain_trouble(declared, unit),
        remedy=_choose_remedy(declared, unit, bad),
        roots=roots,
    )


def _find_condition(desired: Desired, declared: DeclaredUnit, unit: Unit, facts: Facts) -> Condition:
    return find_condition(unit, LoopLimits.of(desired, facts.taken_at), declared.restart)


def _show_observed(unit: Unit) -> JsonObject:
    ended = describe_ending(unit.exec_main_code, unit.exec_main_status)
    observed: JsonObject = {"active": unit.active_state, "sub": unit.sub_state}
    if unit.result:
        observed["result"] = unit.result
    if ended:
        observed["exit"] = ended
    if unit.n_restarts:
        observed["restarts"] = unit.n_restarts
    return observed


def _explain_trouble(declared: DeclaredUnit, unit: Unit) -> tuple[ProofSource, ...]:
    """The properties that show it. For a loop, only the counter stays long enough to be seen again."""
    need, name = _make_need(declared), declared.unit
    if unit.active_state != "failed":
        counted = ("NRestarts", unit.n_restarts) if unit.n_restarts else ("SubState", unit.sub_state)
        return (proofs.prove_unit_property(need, name, *counted),)
    sources = [_prove_active(declared, unit)]
    if unit.result:
        sources.append(proofs.prove_unit_property(need, name, "Result", unit.result))
    if unit.exec_main_code:
        sources.append(proofs.prove_unit_property(need, name, "ExecMainStatus", unit.exec_main_status))
    if unit.n_restarts:
        sources.append(proofs.prove_unit_property(need, name, "NRestarts", unit.n_restarts))
    return tuple(sources)


def _choose_remedy(declared: DeclaredUnit, unit: Unit, bad: Condition) -> Remedy:
    why = find_hint(unit.exec_main_code, unit.exec_main_status)
    cause = f"{describe_ending(unit.exec_main_code, unit.exec_main_status)}: {why}" if why else ""
    name = declared.unit
    look = ("journalctl", "-u", name, "-n", "50", "--no-pager")
    if bad is Condition.LOOPING:
        return make_steps(cause, look, "this ends the loop while the cause is fixed", ("systemctl", "stop", name))
    return make_steps(
        cause, look, "fix the cause, then", ("systemctl", "reset-failed", name), ("systemctl", "start", name)
    )


def _expect_running(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(
            declared, {"active": "active"}, partial(_is_running, desired=desired, declared=declared),
            (*declared.holders, *_mask(declared)),
        )
        for declared in list_declared_units(desired)
        if declared.active
    )  # fmt: skip


def _mask(declared: DeclaredUnit) -> tuple[Root, ...]:
    """Proves that a unit is masked; for one that is only disabled, that does not say why it was stopped."""
    return (("QT208", declared.unit),)


def _is_running(facts: Facts, desired: Desired, declared: DeclaredUnit) -> Judgment:
    unit = read_unit(facts, declared.unit)
    if unit is None:
        return NOT_JUDGED
    found = _find_condition(desired, declared, unit, facts)
    if found not in (Condition.UP, Condition.DOWN):
        return NOT_JUDGED
    if found is Condition.DOWN and _waits_for_its_socket(facts, declared):
        return Verdict(True, _show_observed(unit), (_prove_active(declared, unit),))
    remedy = make_steps(("systemctl", "start", declared.unit))
    if unit.condition_timestamp and not unit.condition_result:
        remedy = make_steps(
            ("systemctl", "status", "--no-pager", declared.unit), "it names the condition that was false"
        )
    roots: tuple[Root, ...] = declared.holders
    if unit.active_state == "deactivating":
        roots = (*roots, ("QT221", declared.unit))
    if unit.load_state == "masked":
        remedy, roots = make_steps(("systemctl", "unmask", declared.unit), deploy_command(facts)), _mask(declared)
    return Verdict(
        found is Condition.UP,
        _show_observed(unit),
        (_prove_active(declared, unit),),
        remedy=remedy,
        roots=roots,
        refuses_deploys=unit.load_state == "masked" and bool(declared.file),
    )


def _waits_for_its_socket(facts: Facts, declared: DeclaredUnit) -> bool:
    """For an external, which has no state word for it: the socket that starts it is up, as for ssh on Ubuntu 24.04."""
    if declared.kind != "external":
        return False
    needs = (Need(Unit.FACT, name) for name in list_starting_sockets(facts, declared.unit))
    known = (facts.read(Unit, need.subject) for need in needs if facts.find_item(need).state.known)
    return any(socket is not None and is_up(socket.active_state) for socket in known)


def _expect_stopped(desired: Desired) -> tuple[Expectation, ...]:
    stopped = tuple(
        make_unit_expectation(declared, {"active": "inactive"}, partial(_is_stopped, declared=declared))
        for declared in list_declared_units(desired)
        if declared.active is False
    )
    retired = tuple(
        Expectation(
            retired.unit,
            {"active": "inactive"},
            (LISTING, Need(Unit.FACT, retired.unit)),
            partial(_is_gone_quiet, desired=desired, retired=retired),
            retired.origin,
        )
        for retired in (*desired.retired_units, *desired.retired_externals)
    )
    return stopped + retired


def _is_stopped(facts: Facts, declared: DeclaredUnit) -> Verdict:
    unit = facts.read(Unit, declared.unit)
    state = unit.active_state if unit else "inactive"
    return _judge_quiet(
        _make_need(declared), declared.unit, state, make_steps(("systemctl", "disable", "--now", declared.unit))
    )


def _is_gone_quiet(facts: Facts, desired: Desired, retired: RetiredUnit) -> Judgment:
    listing = facts.read(UnitListing, "*")
    loaded = listing.units.get(retired.unit) if listing else None
    real, active = (retired.unit, loaded[1]) if loaded else _find_by_alias(facts, retired.unit)
    if real != retired.unit and real in _list_spoken(desired):
        return NOT_JUDGED
    state = listing.files.get(real, "") if listing else ""
    return _judge_quiet(LISTING, retired.unit, active, choose_removal(facts, real, state, active), RETIRED.title)


def _find_by_alias(facts: Facts, name: str) -> tuple[str, str]:
    """The unit that a name is an alias of, and its state. A list of units has each by its own name only."""
    unit = read_unit(facts, name)
    if unit is None:
        return name, "inactive"
    return unit.fragment_path.rpartition("/")[2] or name, unit.active_state


def _list_spoken(desired: Desired) -> frozenset[str]:
    """Units that have checks of their own: an alias of one adds nothing."""
    retired = (each.unit for each in (*desired.retired_units, *desired.retired_externals))
    return frozenset((*(each.unit for each in desired.units()), *retired))


def _judge_quiet(need: Need, unit: str, state: str, remedy: Remedy, title: str = "") -> Verdict:
    source = proofs.prove_unit_property(need, unit, "ActiveState", state)
    wish = make_steps(*remedy.steps, "if it should run, declare it running")
    return Verdict(not is_up(state), {"active": state}, (source,), remedy=wish, title=title)


QT204 = Rule(
    "QT204",
    "unit failed",
    Severity.ERROR,
    several="units failed",
    what="systemd gave the unit the state `failed` and is not starting it again: its program exited with an error, "
    "was killed by a signal, timed out or could not be started at all. The exit status is shown in systemd's own "
    "words: 200 CHDIR (no working directory), 203 EXEC (no program), 217 USER, 226 NAMESPACE (a sandbox path is "
    "missing), 243 CREDENTIALS; signals by name. A service that systemd gave up on after too many restarts is QT206 "
    "instead, and a failed unit is never reported as QT219 too.",
    why="A failed service does not come back by itself. `203 EXEC` is typical after a move to virtual environments: "
    "the unit names an interpreter that was never built, or was removed, and the error is only in the journal.",
    fix="Read `journalctl -u UNIT -n 50`. Where QT401, QT402 or QT601 are given as its cause, fix those first. "
    "Then `systemctl reset-failed UNIT` and `systemctl start UNIT`.",
    expect=partial(_expect_state, bad=Condition.FAILED, services_only=False),
    gate=True,
)
QT205 = Rule(
    "QT205",
    "restart loop",
    Severity.ERROR,
    several="services restart in a loop",
    what="The service keeps exiting and being started again: systemd is waiting to restart it (sub state "
    "`auto-restart`), or it has restarted at least `thresholds.restart_loop.restarts` times and has been up for less "
    "than `up_less_than` at the time of the audit. A single restart that repaired something is not a finding.",
    why="In a table of states a looping service is `active` half the time. It loses its place in the streams at each "
    "start, fills the journal, and its health check passes now and then. One look at the state can miss it; the "
    "restart counter cannot.",
    fix="`journalctl -u UNIT -n 50` shows how it ends. A port that is taken (QT302) or a missing package in the "
    "venv are the usual causes. `systemctl stop UNIT` ends the loop while you look.",
    expect=partial(_expect_state, bad=Condition.LOOPING, services_only=True),
    gate=True,
)
QT206 = Rule(
    "QT206",
    "start limit hit",
    Severity.ERROR,
    several="services hit their start limit",
    what="The service failed so often within StartLimitIntervalSec= that systemd refuses to start it again. Its "
    "Result is `start-limit-hit`, or after a crash loop still names the last crash: the service was restarted before, "
    "Restart= asks for another start after this exit too, and none came.",
    why="This is where a restart loop ends: the service is down for good, and a plain `systemctl start` can be "
    "refused as well. Restart=always does not help here, which is a surprise at three in the morning.",
    fix="Find the cause in `journalctl -u UNIT -n 50`, fix it, then `systemctl reset-failed UNIT` (which resets the "
    "counter) and `systemctl start UNIT`. Raising StartLimitBurst= only makes the loop longer.",
    expect=partial(_expect_state, bad=Condition.GAVE_UP, services_only=True),
    gate=True,
)
RETIRED = Wording("retired unit that still runs", "retired units still run")
QT209 = Rule(
    "QT209",
    "running though declared stopped",
    Severity.WARNING,
    several="units run though declared stopped",
    variants=(RETIRED,),
    what="The registry says that this service, timer or external is stopped, or retired, and it runs on the host. A "
    "retired unit that is also still installed is QT202 as well.",
    why="Two generations of one service running at once take each other's port and read each other's share of a "
    "consumer group. A position monitor that everybody believes is stopped keeps moving stop losses next to its "
    "successor.",
    fix='`systemctl disable --now UNIT`. If it is meant to run, declare `state = "running"` and deploy.',
    expect=_expect_stopped,
)
QT219 = Rule(
    "QT219",
    "declared running and inactive",
    Severity.ERROR,
    several="units are declared running and inactive",
    what="A service or external that is declared running, or a target or timer that is declared active, is `inactive` "
    "or stopping, however it ended: stopped by hand, exited with status 0, or never started. A unit that failed is "
    "QT204, one that loops QT205, one that systemd gave up on QT206, one that is absent QT201. A service that is "
    "`activating` (a oneshot that is still running, a slow start) counts as running.",
    why="A clean exit alarms nobody: systemd is content, and no list of failed units shows it. A timer that is "
    "inactive never fires, and nobody notices until its result is missed.",
    fix="`systemctl start UNIT`, and ask `journalctl -u UNIT` who stopped it. If it stopped because a unit it is "
    "bound to did (Requires=, BindsTo=, PartOf=), that one is named as the cause. If it should stay down, "
    'declare `state = "stopped"`.',
    expect=_expect_running,
    gate=True,
)
RULES = (QT204, QT205, QT206, QT209, QT219)
