"""QT802: the unit that a compose service went to, and whether the evidence shows it running."""

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.findings.meaning import Meaning
from qtctl.meaning.units import Condition, LoopLimits, find_condition, has_file, is_up
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.rules.compose_service import Service
from qtctl.rules.places import PlaceOf
from qtctl.rules.sides import UnitSide

NO_EVIDENCE = "no evidence of a host"


def compare_unit(place: PlaceOf, facts: Facts | None, desired: Desired) -> UnitSide:
    """`holds` if the unit is up, or if it exists and waits for an active timer, socket or path to start it."""
    if facts is None:
        return make_side(place, None, Outcome.UNKNOWN, NO_EVIDENCE)
    try:
        unit = facts.read(Unit, place.unit)
    except LookupError:
        return make_side(place, None, Outcome.UNKNOWN, explain_unknown(facts, Need(Unit.FACT, place.unit)))
    if unit is None or not has_file(unit):
        return make_side(
            place, unit, Outcome.BROKEN, "not on the host", list_proofs(facts, place.unit, "LoadState", "not-found")
        )
    shown = list_proofs(facts, place.unit, "ActiveState", unit.active_state)
    if find_condition(unit, LoopLimits.of(desired, facts.taken_at)) is Condition.UP:
        return make_side(place, unit, Outcome.HOLDS, "", shown)
    if place.declared == "on-timer" or (place.declared == "on-demand" and place.starters):
        return compare_started(place, unit, facts)
    return make_side(place, unit, Outcome.BROKEN, f"{unit.active_state} ({unit.sub_state})", shown)


def compare_started(place: PlaceOf, unit: Unit, facts: Facts) -> UnitSide:
    if unit.active_state == "failed":
        return make_side(
            place, unit, Outcome.BROKEN, "its last run failed", list_proofs(facts, place.unit, "ActiveState", "failed")
        )
    unknown = ""
    proofs: list[Proof] = []
    for name in place.starters:
        try:
            starter = facts.read(Unit, name)
        except LookupError:
            unknown = explain_unknown(facts, Need(Unit.FACT, name))
            continue
        state = "inactive" if starter is None else starter.active_state
        proofs += list_proofs(facts, name, "ActiveState", state)
        if is_up(state):
            return make_side(place, unit, Outcome.HOLDS, "", list_proofs(facts, name, "ActiveState", state))
    if unknown:
        return make_side(place, unit, Outcome.UNKNOWN, unknown)
    missing = "timer" if place.declared == "on-timer" else "unit"
    return make_side(place, unit, Outcome.BROKEN, f"no {missing} that starts it is active", tuple(proofs))


def make_side(
    place: PlaceOf, unit: Unit | None, outcome: Outcome, reason: str, shown: tuple[Proof, ...] = ()
) -> UnitSide:
    active, sub = (unit.active_state, unit.sub_state) if unit else ("", "")
    return UnitSide(place.name, place.unit, place.declared, active, sub, outcome, reason, shown)


def list_proofs(facts: Facts, unit: str, name: str, value: str) -> tuple[Proof, ...]:
    ask = facts.find_item(Need(Unit.FACT, unit)).ask
    return (Proof(ask, f"systemctl show -p {name} {quote(unit)}", f"{name}={value}", facts.taken_at),)


def judge(service: Service, side: UnitSide) -> Finding:
    """The finding for a side that is broken."""
    declared = f"declared {side.declared}; " if side.declared != "running" else ""
    remedy = f"systemctl status {side.unit}; start it, or correct the disposition of {service.name}"
    return service.make_broken(QT802, side.unit, "active", f"{declared}{side.reason}", remedy, side.proof)


def explain_unknown(facts: Facts, need: Need) -> str:
    """Why a fact is unknown: one and the same reason for everything on a host that was not reached."""
    if facts.why_unreachable:
        return facts.why_unreachable
    item = facts.find_item(need)
    return f"{need.fact} {need.subject}: {item.state.value}" + (f" ({item.reason})" if item.reason else "")


QT802 = Meaning(
    "QT802",
    "mapped, and its unit is absent or not running",
    Severity.ERROR,
    what="A compose service was mapped or migrated to a unit that is not on the host, or does not run there.",
    why="The migration moved it on paper. Nothing does its work now.",
    fix="`qtctl audit` says what is wrong with the unit; deploy it, start it, or correct the disposition.",
)
RULES = (QT802,)
