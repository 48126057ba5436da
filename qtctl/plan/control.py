"""What an operator's action does to a host: its order, what goes along with it, and what the registry says about that.

systemd orders the jobs that are queued, and runs independent ones at the same time; the stages are that order. Units
that go along are found in what systemd has loaded, which is in force until the next reload.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from qtctl.meaning.deploys import STATUS
from qtctl.meaning.units import is_absent
from qtctl.model.control import Contradiction, ControlPlan, ControlRequest, ControlVerb, UnitState
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import Dragged, Effect, Refusal
from qtctl.plan import identity, under_way
from qtctl.plan.dependents import PULLED_BY, Ties
from qtctl.plan.order import list_stages
from qtctl.plan.pools import list_pools
from qtctl.plan.unit_goals import UnitGoal, list_goals

_STARTING = (ControlVerb.START, ControlVerb.RESTART)
_STOPPING = (ControlVerb.STOP, ControlVerb.KILL)
PROPERTIES = PULLED_BY


def list_needs(desired: Desired, units: Iterable[str]) -> tuple[Need, ...]:
    """The states of the units, of what they pull in and of what starts them; and which machine the host is."""
    named = {*units}
    goals = {each.unit: each for each in list_goals(desired)}
    for unit in tuple(named):
        named.update(_list_pulled(goals, unit))
    for unit in tuple(named):
        named.update(name for each in desired.map_starters().get(unit, ()) for name in (each.unit,))
        named.update(each.unit for each in desired.units() if unit in each.conflicts)
        named.update(name for each in desired.units() if each.unit == unit for name in each.conflicts)
    units_of_host = [Need(Unit.FACT, unit) for unit in sorted(named) if "@." not in unit]
    return (*units_of_host, identity.HOST, STATUS)


def list_unseen(desired: Desired, facts: Facts, plan: ControlPlan) -> tuple[str, ...]:
    """Units that may go along, and whose state was not asked for."""
    ties = Ties(facts, {each.unit: each for each in list_goals(desired)})
    found = {name for unit in (*plan.units, *(each.unit for each in plan.drags)) for name in ties.list_unseen(unit)}
    return tuple(sorted(found))


def make_control_plan(desired: Desired, facts: Facts, request: ControlRequest) -> ControlPlan:
    """`request.units`: of `desired`. Refusals if nothing may be done: then nothing else is in the plan."""
    goals = {each.unit: each for each in list_goals(desired)}
    refusals = (
        *identity.find_obstacles(desired, facts),
        *under_way.find_obstacles(desired.host, facts),
        *_find_missing(desired, facts, request),
    )
    if refusals:
        return ControlPlan(desired.host, request, refusals=refusals)
    ties = Ties(facts, goals)
    drags = tuple(_list_drags(desired, ties, request))
    plan = ControlPlan(desired.host, request, _order(goals, request), drags)
    seen = (*plan.units, *(each.unit for each in drags))
    return replace(
        plan,
        contradictions=tuple(_find_contradictions(desired, plan)),
        notes=tuple(_make_notes(desired, ties, plan)),
        before=tuple(_read_state(facts, unit) for unit in dict.fromkeys(seen)),
    )


def _order(goals: Mapping[str, UnitGoal], request: ControlRequest) -> tuple[tuple[str, ...], ...]:
    stages = list_stages(goals[unit] for unit in request.units if unit in goals)
    rest = tuple(sorted(unit for unit in request.units if unit not in goals))
    whole = (*stages, rest) if rest else stages
    return tuple(reversed(whole)) if request.verb in _STOPPING else whole


def _find_missing(desired: Desired, facts: Facts, request: ControlRequest) -> Iterator[Refusal]:
    for unit in request.units:
        if facts.find_item(Need(Unit.FACT, unit)).state.known and is_absent(facts.read(Unit, unit)):
            hint = f"`qtctl deploy --host {facts.target or desired.host}` puts it there"
            yield Refusal(unit, "systemd has no such unit", hint)


def _list_drags(desired: Desired, ties: Ties, request: ControlRequest) -> Iterator[Dragged]:
    """Each unit once; none that the operator named."""
    found = dict.fromkeys(request.units)
    for each in _list_all_drags(desired, ties, request):
        if each.unit not in found:
            found[each.unit] = None
            yield each


def _list_all_drags(desired: Desired, ties: Ties, request: ControlRequest) -> Iterator[Dragged]:
    if request.verb is ControlVerb.STOP or request.verb is ControlVerb.RESTART:
        effect = Effect.STOPS if request.verb is ControlVerb.STOP else Effect.RESTARTS
        for unit in request.units:
            yield from ties.list_drags(unit, effect, old=True)
    if request.verb not in _STARTING:
        return
    starting = dict.fromkeys(request.units)
    left = list(request.units)
    while left:
        goal = ties.goals.get(left.pop(0))
        for each in ties.list_starts(goal) if goal is not None else ():
            if each.unit not in starting:
                starting[each.unit] = None
                left.append(each.unit)
                yield each
    yield from _list_conflicts(desired, ties, starting)


def _list_conflicts(desired: Desired, ties: Ties, starting: Iterable[str]) -> Iterator[Dragged]:
    """Running units that a start stops, and what stops along with them."""
    starting = frozenset(starting)
    for each in desired.units():
        others = each.conflicts if each.unit in starting else ()
        for other in (*others, *(name for name in starting if name in each.conflicts)):
            stopped = other if each.unit in starting else each.unit
            if stopped not in starting and ties.is_up(stopped):
                yield Dragged(stopped, Effect.STOPS, f"Conflicts={other} of {each.unit}", stopped in ties.goals)
                drags = ties.list_drags(stopped, Effect.STOPS, old=True)
                yield from (drag for drag in drags if drag.unit not in starting)


def _find_contradictions(desired: Desired, plan: ControlPlan) -> Iterator[Contradiction]:
    verb, declared = plan.request.verb, {each.unit: each for each in desired.units()}
    for unit in plan.units:
        if (what := _contradict(declared[unit], verb)) is not None:
            yield Contradiction(unit, what)
    for each in plan.drags:
        unit_ = declared.get(each.unit)
        if unit_ is None:
            continue
        if each.effect is Effect.STOPS and unit_.must_be_active is True:
            yield Contradiction(each.unit, f"the registry declares it {unit_.declared}, and it stops ({each.by})")
        if each.effect is Effect.STARTS and unit_.must_be_active is False:
            yield Contradiction(each.unit, f"the registry declares it {unit_.declared}, and it starts ({each.by})")


def _contradict(unit: DesiredUnit, verb: ControlVerb) -> str | None:
    stops, starts = verb in _STOPPING, verb in _STARTING
    if (stops and unit.must_be_active is True) or (starts and unit.must_be_active is False):
        return f"the registry declares it {unit.declared}"
    if verb is ControlVerb.ENABLE and not unit.must_be_enabled:
        return "the registry declares it disabled"
    if verb is ControlVerb.DISABLE and unit.must_be_enabled and unit.installable:
        return "the registry declares it enabled"
    return None


def _make_notes(desired: Desired, ties: Ties, plan: ControlPlan) -> Iterator[tuple[str, str]]:
    starters = desired.map_starters()
    for unit in plan.units:
        notes = list(_note_state(ties.facts, unit, plan.request.verb))
        if plan.request.verb is ControlVerb.STOP:
            notes += _note_starters(ties, unit, [each.unit for each in starters.get(unit, ())])
        yield from ((unit, note) for note in notes if note.partition(" ")[0] not in plan.units)
    if plan.request.verb is ControlVerb.RESTART:
        yield from _note_pools(desired, ties, (*plan.units, *(each.unit for each in plan.drags)))


def _note_pools(desired: Desired, ties: Ties, units: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pools of which more are down together than a deploy would allow."""
    named = frozenset(units)
    for pool in list_pools(desired):
        count = sum(unit in named and ties.is_up(unit) for unit in pool.units)
        if count > pool.limit:
            together = f"{count} of its {len(pool.units)} instances restart together"
            yield pool.template, f"{together}: that at most {pool.limit} are down at once holds for a deploy"


def _note_state(facts: Facts, unit: str, verb: ControlVerb) -> Iterator[str]:
    state = _read_state(facts, unit)
    if not state.active:
        yield "its state could not be read"
        return
    if (verb, state.active) in ((ControlVerb.START, "active"), (ControlVerb.STOP, "inactive")):
        yield f"it is {state.active} already"
    found = facts.read(Unit, unit)
    if found is not None and found.need_daemon_reload and verb in _STARTING:
        yield "its files have changed since systemd read them: it starts with the old ones"


def _note_starters(ties: Ties, unit: str, starters: Iterable[str]) -> Iterator[str]:
    """What starts it again: each note begins with the unit that does."""
    yield from (f"{each} is active, and starts it again" for each in starters if ties.is_up(each))
    yield from (f"{each} upholds it, and starts it again" for each in ties.list_upholders(unit))


def _list_pulled(goals: Mapping[str, UnitGoal], unit: str) -> Iterator[str]:
    """What a start of the unit starts, through all that is declared."""
    seen, left = {unit}, [unit]
    while left:
        goal = goals.get(left.pop())
        for name in goal.pulls if goal is not None else ():
            if name not in seen:
                seen.add(name)
                left.append(name)
                yield name


def _read_state(facts: Facts, unit: str) -> UnitState:
    if not facts.find_item(Need(Unit.FACT, unit)).state.known:
        return UnitState(unit)
    found = facts.read(Unit, unit)
    if found is None:
        return UnitState(unit, "inactive", "dead")
    return UnitState(unit, found.active_state, found.sub_state)
