"""Desired and evidence → the steps from one to the other. A fact that could not be read makes the plan a refusal."""

from collections.abc import Mapping

from qtctl.meaning.originals import is_as_adopted
from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import NO_CHOICES, READ_AS_ROOT, Choices, Plan, Refusal, Step, StepKind
from qtctl.model.ran import Ran
from qtctl.plan import accounts, hosts_file, hot_fixes, identity, installs, refused, removal, targets, under_way
from qtctl.plan.dependents import Ties
from qtctl.plan.files import find_changes, find_obstacles, list_to_read
from qtctl.plan.leftovers import Leftovers
from qtctl.plan.needs import list_needs
from qtctl.plan.notes import list_dropins_to_read, list_notes
from qtctl.plan.removal import NOTHING, find_removal
from qtctl.plan.scene import Scene
from qtctl.plan.unit_goals import list_goals
from qtctl.plan.units import plan_unit_steps


def plan(
    desired: Desired,
    facts: Facts,
    *,
    current: Mapping[str, bytes],
    choices: Choices = NO_CHOICES,
    ran: Mapping[str, Ran] | None = None,
) -> Plan:
    """What must change on the host, in the order in which it runs.

    `facts` must hold list_needs(desired); `current` the content of the files that list_unread(desired, facts) names;
    `ran`, by unit, what the host has recorded about its process, if anything. A fact that could not be read, an
    obstacle, or a unit that the host's systemd would refuse gives a plan of refusals without steps. Undeclared units
    are included only if qtctl wrote them, and only with `choices.prune`.
    """
    left = Leftovers(desired, facts)
    goes = frozenset(file.path for file in left.files) if choices.prune else frozenset()
    refusals = _find_blockers(desired, facts, choices) or (
        *(removal.find_obstacles(left, current) if choices.prune else ()),
        *find_obstacles(desired, facts, current, take_over=choices.take_over, goes=goes),
        *accounts.find_obstacles(desired, facts),
        *hosts_file.find_obstacles(desired, facts, current),
        *installs.find_obstacles(desired, facts, take_over=choices.take_over),
    )
    if refusals:
        return Plan(desired.host, (), refusals)
    steps = _list_steps(desired, facts, current, left if choices.prune else None, ran or {})
    unloadable = refused.find_obstacles(desired) if steps else ()
    if unloadable:
        return Plan(desired.host, (), unloadable)
    notes = () if choices.prune else tuple(left.notes)
    return Plan(desired.host, steps, notes=(*notes, *list_notes(desired, facts, current, steps)))


def _list_steps(
    desired: Desired,
    facts: Facts,
    current: Mapping[str, bytes],
    left: Leftovers | None,
    ran: Mapping[str, Ran],
) -> tuple[Step, ...]:
    """`left`: what to remove, if anything."""
    written = find_changes(desired, facts, current)
    adopted = frozenset(file.path for file in desired.files if is_as_adopted(file, facts))
    by_path = {change.file.path: change for change in written}
    by_unit = {goal.unit: goal for goal in list_goals(desired)}
    gone = find_removal(left, Ties(facts, by_unit), current) if left is not None else NOTHING
    switched, unread = installs.find_switches(desired, facts), hot_fixes.find_unread(desired, facts, current)
    scene = Scene(facts, by_path, by_unit, adopted, gone, switched, ran, unread)
    files = (*(change.step for change in written), *hosts_file.plan_steps(desired, facts, current))
    made = accounts.plan_steps(desired, facts, by_path)
    return (*files, *made, *plan_unit_steps(scene))


def list_unread(desired: Desired, facts: Facts, choices: Choices = NO_CHOICES) -> tuple[str, ...]:
    """The files whose current content the plan needs. None if the plan is refused whatever they contain."""
    if _find_blockers(desired, facts, choices):
        return ()
    paths = (
        *list_to_read(desired, facts),
        *hosts_file.list_to_read(desired, facts),
        *removal.list_to_read(desired, facts),
        *list_dropins_to_read(desired, facts),
        *hot_fixes.list_to_read(desired, facts),
    )
    return tuple(dict.fromkeys(paths))


def _find_blockers(desired: Desired, facts: Facts, choices: Choices) -> tuple[Refusal, ...]:
    others = () if choices.under_way else under_way.find_obstacles(desired.host, facts)
    wrong = (*identity.find_obstacles(desired, facts), *others)
    return wrong or _find_unknown(desired, facts) or targets.find_obstacles(desired, facts)


def _find_unknown(desired: Desired, facts: Facts) -> tuple[Refusal, ...]:
    items = (facts.find_item(need) for need in list_needs(desired))
    return tuple(_refuse_unread(item) for item in items if not item.state.known)


def _refuse_unread(item: Item) -> Refusal:
    """Why a connection failed is told along with its help, which is not told twice."""
    what = f"could not be read: {item.reason or item.state}"
    hint = item.help or READ_AS_ROOT
    return Refusal(item.subject, what, "" if hint in what else hint, unknown=True)


def list_unseen(desired: Desired, facts: Facts, planned: Plan) -> tuple[str, ...]:
    """Units that go with those that the plan stops or restarts, and whose state was not asked for. Sorted."""
    ties = Ties(facts, {goal.unit: goal for goal in list_goals(desired)})
    stopped = [step for step in planned.steps if step.kind in (StepKind.STOP, StepKind.RESTART)]
    units = {step.subject for step in stopped} | {each.unit for step in stopped for each in step.drags}
    started = {step.subject for step in planned.steps if step.kind in (StepKind.START, StepKind.RESTART)}
    pulled = {name for unit in started & ties.goals.keys() for name in ties.goals[unit].pulls}
    left = {unit.unit for unit in Leftovers(desired, facts).units} if not planned.refusals else set()
    unasked = {name for name in left | pulled if not facts.was_asked(Need(Unit.FACT, name))}
    return tuple(sorted(unasked | {name for unit in units for name in ties.list_unseen(unit)}))
