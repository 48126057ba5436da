"""QT221, QT226, QT227: units that take too long to start or stop, and units that are frozen."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.transitions import find_longest_us, find_transition, measure_stuck_us
from qtctl.meaning.units import read_unit
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.host_facts import FrozenGroups
from qtctl.model.json import JsonObject
from qtctl.model.moments import parse_microseconds
from qtctl.model.states import ServiceState
from qtctl.rules import proofs
from qtctl.rules.declared import make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_SECOND = 1_000_000
GROUPS = Need(FrozenGroups.FACT, "*")


def _is_timed(unit: DesiredUnit) -> bool:
    return isinstance(unit, DesiredService) and unit.state is ServiceState.ON_TIMER


def _expect_movement(desired: Desired, *, timed: bool) -> tuple[Expectation, ...]:
    """Services that a timer starts are QT227's, all other units QT221's."""
    return tuple(
        make_unit_expectation(unit, {"stuck": False}, partial(_is_moving, declared=unit, otherwise_us=desired.stuck_us))
        for unit in desired.units()
        if _is_timed(unit) is timed
    )


def _is_moving(facts: Facts, declared: DesiredUnit, otherwise_us: int) -> Judgment:
    unit = read_unit(facts, declared.unit)
    if unit is None:
        return NOT_JUDGED
    way = find_transition(unit)
    lasted = (
        measure_stuck_us(unit, find_longest_us(declared, way, otherwise_us), parse_microseconds(facts.taken_at))
        if way
        else 0
    )
    observed: JsonObject = {"active": unit.active_state, "sub": unit.sub_state}
    if lasted:
        observed["seconds"] = lasted // _SECOND
    need, name = Need(Unit.FACT, declared.unit), declared.unit
    source = proofs.prove_unit_property(need, name, "SubState", unit.sub_state)
    remedy = make_steps(
        ("systemctl", "status", "--no-pager", name),
        ("journalctl", "-u", name, "-n", "50", "--no-pager"),
        "they show what it waits for; this ends its processes",
        ("systemctl", "kill", "-s", "KILL", name),
    )
    return Verdict(not lasted, observed, (source,), remedy=remedy)


def _expect_thaw(desired: Desired) -> tuple[Expectation, ...]:
    return (
        *(
            make_unit_expectation(unit, {"freezer": "running"}, partial(_is_thawed, unit=unit))
            for unit in desired.units()
        ),
        Expectation("control groups", {"frozen": []}, (GROUPS,), partial(_are_thawed, desired=desired)),
    )


def _are_thawed(facts: Facts, desired: Desired) -> Judgment:
    """What the kernel has frozen without systemd's knowledge."""
    if facts.read(FrozenGroups, GROUPS.subject) is None:
        return NOT_JUDGED
    frozen = {unit.unit: file for unit in desired.units() if (file := _find_frozen(facts, unit))}
    unknown_to_systemd = {unit: file for unit, file in frozen.items() if not _is_known_frozen(facts, unit)}
    return tuple(_judge_group(unit, file) for unit, file in sorted(unknown_to_systemd.items())) or (
        Verdict(True, {"frozen": []}),
    )


def _find_frozen(facts: Facts, unit: DesiredUnit) -> str:
    """cgroup.events of the unit's control group if the kernel has frozen that; '' if not, or if that is unknown."""
    found = facts.find(FrozenGroups, GROUPS.subject)
    files = found.files if found is not None else ()
    return next((file for file in files if file.split("/")[-2] in unit.names), "")


def _is_known_frozen(facts: Facts, unit: str) -> bool:
    value = facts.find_item(Need(Unit.FACT, unit)).value
    return value is not None and value.get("freezer_state", "") not in {"", "running"}


def _judge_group(unit: str, file: str) -> Verdict:
    switch = file.removesuffix("events") + "freeze"
    source = ProofSource(GROUPS, f"grep -x 'frozen 1' {quote(file)}", "frozen 1")
    remedy = make_steps(
        "systemd did not do it: find out who did (a tool for containers or snapshots?); as root this ends it",
        ("sh", "-c", f"echo 0 >{quote(switch)}"),
    )
    return Verdict(False, {"freezer": "frozen", "by": "not systemd"}, (source,), subject=unit, remedy=remedy)


def _is_thawed(facts: Facts, unit: DesiredUnit) -> Judgment:
    found, name = read_unit(facts, unit.unit), unit.unit
    if found is None or not found.freezer_state:
        return NOT_JUDGED
    state = found.freezer_state
    if state == "running" and _find_frozen(facts, unit):
        return NOT_JUDGED
    source = proofs.prove_unit_property(Need(Unit.FACT, name), name, "FreezerState", state)
    return Verdict(state == "running", {"freezer": state}, (source,), remedy=make_steps(("systemctl", "thaw", name)))


QT221 = Rule(
    "QT221",
    "stuck between two states",
    Severity.ERROR,
    several="units are stuck between two states",
    what="The unit has been starting, reloading or stopping for longer than its timeout allows: TimeoutStartSec= or "
    "TimeoutStopSec= as declared, 90 s where nothing is declared, `thresholds.stuck_after` of fleet.toml where "
    "systemd itself would wait forever. A service that waits for its next restart is QT205.",
    why="`activating` looks like a service that is about to be up, so nobody restarts it. A program that never says "
    "that it is ready (Type=notify) or a stop that waits for a hung process can stay like that for weeks.",
    fix="`systemctl status UNIT` shows which command it is stuck in. Find out what that command waits for: a lock, a "
    "host, a device. Declare a timeout, so that systemd ends it the next time.",
    expect=partial(_expect_movement, timed=False),
)
QT226 = Rule(
    "QT226",
    "frozen",
    Severity.ERROR,
    several="units are frozen",
    what="The unit's control group is frozen, according to systemd (FreezerState=) or the kernel (cgroup.events): all "
    "of its processes are stopped. `systemctl freeze` does that, and so do tools for snapshots, containers and "
    "suspending.",
    why="The unit is `active (running)`, its ports accept connections, and nothing answers. No list of failed units "
    "shows it.",
    fix="`systemctl thaw UNIT`; where systemd did not do it, `echo 0` into the group's cgroup.freeze. If something "
    "freezes it on purpose, such as a backup, find out why that did not finish.",
    expect=_expect_thaw,
    gate=True,
)
QT227 = Rule(
    "QT227",
    "run of a timer that hangs",
    Severity.ERROR,
    several="runs of timers hang",
    what="A service that a timer starts has been starting or stopping for longer than its timeout, or for longer than "
    "`thresholds.stuck_after` where it has none: a oneshot has none by default.",
    why="While one run lasts, its timer starts no other. A job that hangs once is not run again, and the timer looks "
    "healthy.",
    fix="`systemctl status UNIT` shows the process. End it with `systemctl stop UNIT`, find out what it waited for, "
    "and declare `timeouts.start` for the service.",
    expect=partial(_expect_movement, timed=True),
)
RULES = (QT221, QT226, QT227)
