"""QT223: what should run now would also come up after the next boot."""

from functools import lru_cache, partial

from qtctl.dialects.systemd.boot_order import BOOTED, DEFAULT
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import has_file, read_unit
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


def _expect_start_at_boot(desired: Desired) -> tuple[Expectation, ...]:
    units = tuple(desired.units())
    names = (*BOOTED, *(unit.unit for unit in units))
    return tuple(
        Expectation(
            unit.unit,
            {"boot": "comes up"},
            (Need(Unit.FACT, unit.unit), *(Need(Unit.FACT, name) for name in BOOTED)),
            partial(_does_come_up, declared=unit, names=names),
            unit.origin,
            (("QT208", unit.unit), ("QT201", unit.unit)),
        )
        for unit in units
        if unit.must_be_active and unit.must_be_enabled
    )


def _does_come_up(facts: Facts, declared: DesiredUnit, names: tuple[str, ...]) -> Judgment:
    unit = read_unit(facts, declared.unit)
    if unit is None or not has_file(unit) or unit.load_state == "masked":
        return NOT_JUDGED
    need = Need(Unit.FACT, declared.unit)
    if unit.condition_timestamp and not unit.condition_result:
        source = proofs.prove_unit_property(need, declared.unit, "ConditionResult", "no")
        remedy = make_steps(("systemctl", "status", "--no-pager", declared.unit), "it names the condition that failed")
        return Verdict(False, {"boot": "its condition is false"}, (source,), remedy=remedy)
    reached = declared.unit in _list_reached(facts, names)
    if not reached and not declared.generated and _may_start_otherwise(unit, names):
        return NOT_JUDGED
    unread = [] if reached else [name for name in names if not facts.find_item(Need(Unit.FACT, name)).state.known]
    if unread:
        return Verdict(False, None, unknown=f"whether {unread[0]} starts it is unknown")
    observed: JsonObject = {"boot": "comes up" if reached else "nothing starts it"}
    source = proofs.prove_unit_property(need, declared.unit, "UnitFileState", unit.unit_file_state)
    remedy = make_steps(
        ("systemctl", "reenable", declared.unit), "the target must be on the way to", ("systemctl", "get-default")
    )
    return Verdict(reached, observed, (source,), remedy=remedy)


def _may_start_otherwise(unit: Unit, names: tuple[str, ...]) -> bool:
    """Only the package of an external knows: a socket, the bus, or a unit that was not asked about may start it."""
    if not unit.unit_file_state.startswith(("enabled", "disabled")):
        return True
    return not {*(unit.wanted_by or ()), *(unit.required_by or ())} <= {*names}


@lru_cache(maxsize=1)
def _list_reached(facts: Facts, names: tuple[str, ...]) -> frozenset[str]:
    """What default.target starts, and what that starts, among units that were asked about: the same for all of them."""
    known = frozenset(names)
    found, open_ = set[str](), {DEFAULT}
    while open_:
        name = open_.pop()
        found.add(name)
        open_ |= (_list_pulled_in(facts, name) & known) - found
    return frozenset(found)


def _list_pulled_in(facts: Facts, name: str) -> frozenset[str]:
    unit = facts.find(Unit, name)
    if unit is None or unit.load_state == "masked":  # what it wants is loaded all the same
        return frozenset()
    return frozenset((*(unit.wants or ()), *(unit.requires or ()), *(unit.binds_to or ()), *(unit.upholds or ())))


QT223 = Rule(
    "QT223",
    "would not come up at boot",
    Severity.ERROR,
    several="units would not come up at boot",
    what="The unit is declared running or active, and no boot would start it: following Wants=, Requires=, BindsTo= "
    "and Upholds= from default.target reaches no unit that starts it. Its links are in a target that is not started, "
    "default.target was changed, or the link is gone while `is-enabled` still says enabled. Or its condition "
    "(ConditionPathExists= and the like) was false the last time. A unit that is declared with `enabled = false` is "
    "not judged, nor is an external without [Install], or one wanted by a unit that the registry does not know.",
    why="It runs today because someone started it. The next reboot, planned or not, ends it without an error message.",
    fix="`systemctl get-default` and `systemctl list-dependencies --reverse UNIT` show where the chain ends. "
    "`systemctl reenable UNIT` makes the links that its [Install] asks for.",
    expect=_expect_start_at_boot,
)
RULES = (QT223,)
