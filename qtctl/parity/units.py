"""One side of a row: the unit a service went to, and whether it runs by evidence."""

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Outcome
from qtctl.meaning.units import Condition, LoopLimits, condition, has_file, is_up
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.parity.places import PlaceOf
from qtctl.parity.rows import ParityProof, UnitSide

NO_EVIDENCE = "no evidence of a host"


def unit_side(place: PlaceOf, facts: Facts | None, desired: Desired) -> UnitSide:
    """`holds` where the unit is up, or, declared on-timer, where it is there and a timer that starts it is active."""
    if facts is None:
        return side(place, None, Outcome.UNKNOWN, NO_EVIDENCE)
    try:
        unit = facts.read(Unit, place.unit)
    except LookupError:
        return side(place, None, Outcome.UNKNOWN, why_unknown(facts, Need(Unit.FACT, place.unit)))
    if unit is None or not has_file(unit):
        return side(place, unit, Outcome.BROKEN, "not on the host", proof(place.unit, "LoadState", "not-found"))
    shown = proof(place.unit, "ActiveState", unit.active_state)
    if condition(unit, LoopLimits.of(desired, facts.taken_at)) is Condition.UP:
        return side(place, unit, Outcome.HOLDS, "", shown)
    if place.declared == "on-timer":
        return timed_side(place, unit, facts)
    return side(place, unit, Outcome.BROKEN, f"{unit.active_state} ({unit.sub_state})", shown)


def timed_side(place: PlaceOf, unit: Unit, facts: Facts) -> UnitSide:
    if unit.active_state == "failed":
        return side(place, unit, Outcome.BROKEN, "its last run failed", proof(place.unit, "ActiveState", "failed"))
    unknown = ""
    proofs: list[ParityProof] = []
    for name in place.timers:
        try:
            timer = facts.read(Unit, name)
        except LookupError:
            unknown = why_unknown(facts, Need(Unit.FACT, name))
            continue
        state = "inactive" if timer is None else timer.active_state
        proofs += proof(name, "ActiveState", state)
        if is_up(state):
            return side(place, unit, Outcome.HOLDS, "", proof(name, "ActiveState", state))
    if unknown:
        return side(place, unit, Outcome.UNKNOWN, unknown)
    return side(place, unit, Outcome.BROKEN, "no timer that starts it is active", tuple(proofs))


def side(
    place: PlaceOf, unit: Unit | None, outcome: Outcome, reason: str, shown: tuple[ParityProof, ...] = ()
) -> UnitSide:
    active, sub = (unit.active_state, unit.sub_state) if unit else ("", "")
    return UnitSide(place.name, place.unit, place.declared, active, sub, outcome, reason, shown)


def proof(unit: str, name: str, value: str) -> tuple[ParityProof, ...]:
    return (ParityProof(f"systemctl show -p {name} {quote(unit)}", f"{name}={value}"),)


def why_unknown(facts: Facts, need: Need) -> str:
    item = facts.item(need)
    return f"{need.fact} {need.subject}: {item.state.value}" + (f" ({item.reason})" if item.reason else "")
