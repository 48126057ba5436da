"""What each declared unit should be, in one shape for every kind of unit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.meaning.enablement import find_unwanted_pullers
from qtctl.meaning.started_from import list_config_files, map_dropins
from qtctl.model.desired import Desired, DesiredOther, DesiredService
from qtctl.model.desired_unit import DesiredUnit, Pairs
from qtctl.model.latest import keep_latest
from qtctl.model.plan import Plan, StepKind
from qtctl.model.unit_kinds import UnitKind
from qtctl.plan.installs import list_used_paths
from qtctl.plan.pools import map_parted_units


@dataclass(frozen=True, slots=True)
class UnitGoal:
    """One unit. `active` None: whether it runs is not the deploy's business (a timer starts it).

    `file` is the path of its unit file, `sees` the paths whose content counted when it was started. `ties`: units whose
    stop or restart stops or restarts this one, each with the directive; `pulls`: units that it starts along with it.
    `hands_to`: for a socket or automount, the unit that takes over what it holds open. systemd starts neither while
    that one is up.
    """

    unit: str
    rank: int
    active: bool | None
    enabled: bool
    wanted_by: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    ties: Mapping[str, str]
    pulls: Mapping[str, str]
    file: str
    sees: tuple[str, ...]
    required_by: tuple[str, ...] = ()
    hands_to: str = ""
    on_demand: bool = False
    """Whether a socket or automount starts it and it keeps running: not a job that ends by itself."""
    stop_commands: bool = False
    """Whether commands stop it, or run once it has stopped."""
    only_pulled_in: bool = False
    """RefuseManualStart=: systemd starts it only for other units."""
    unwanted: frozenset[str] = frozenset()
    """The targets that must not pull it in."""
    uses: tuple[str, ...] = ()
    """The installed paths that it runs from."""
    in_parts: bool = False
    """Whether it is one of several instances that are restarted some at a time."""
    aliases: tuple[str, ...] = ()
    """The other names by which systemd finds it once it is enabled."""

    @property
    def links(self) -> tuple[str, ...]:
        """The links that enable it. None for a unit that cannot be enabled, or that must not be."""
        directory = dirname(self.file)
        if not self.enabled:
            return ()
        wanted = tuple(f"{directory}/{target}.wants/{self.unit}" for target in self.wanted_by)
        required = tuple(f"{directory}/{target}.requires/{self.unit}" for target in self.required_by)
        return (*wanted, *required, *self.alias_links)

    @property
    def alias_links(self) -> tuple[str, ...]:
        """Those of them that are other names."""
        directory = dirname(self.file)
        return tuple(f"{directory}/{alias}" for alias in self.aliases) if self.enabled else ()


@keep_latest
def list_goals(desired: Desired) -> tuple[UnitGoal, ...]:
    """Sorted by unit name. Only units with a unit file in `desired`: a deploy touches no other."""
    made = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    dropins = map_dropins(desired)
    unwanted = find_unwanted_pullers(desired)
    units = tuple(unit for unit in desired.units() if unit.generated and unit.made_by in made)
    parted = map_parted_units(desired)
    held = frozenset(unit.triggers for unit in units if unit.kind in _HOLDERS)
    return tuple(
        replace(
            _make_goal(unit, made[unit.made_by], dropins),
            unwanted=unwanted[unit.unit],
            uses=list_used_paths(unit, desired),
            in_parts=unit.unit in parted,
            on_demand=unit.unit in held and not (isinstance(unit, DesiredService) and unit.type == "oneshot"),
        )
        for unit in units
    )


_STEPS_OF_UNITS = frozenset({StepKind.START, StepKind.RESTART, StepKind.STOP, StepKind.ENABLE, StepKind.DISABLE})


def list_units(desired: Desired, plan: Plan) -> tuple[str, ...]:
    """The units that must be as before after a failed deploy. Sorted."""
    steps = {step.subject for step in plan.steps if step.kind in _STEPS_OF_UNITS}
    return tuple(sorted(steps | {goal.unit for goal in list_goals(desired)}))


def list_seen_files(desired: Desired) -> dict[str, tuple[str, ...]]:
    """Unit → the paths whose content counts when it is started; units without any are left out."""
    return {goal.unit: goal.sees for goal in list_goals(desired) if goal.sees}


_RANKS = {UnitKind.SERVICE: 0, UnitKind.TARGET: 2}
"""The order of units that need not wait for each other: services first, targets last."""
_OTHER_RANK = 1
_HOLDERS = frozenset({UnitKind.SOCKET, UnitKind.AUTOMOUNT})


def _make_goal(unit: DesiredUnit, file: str, dropins: Mapping[str, Iterable[str]]) -> UnitGoal:
    hands_to = unit.triggers if unit.kind in _HOLDERS and not is_template(unit.triggers) else ""
    return UnitGoal(
        unit.unit,
        rank=_RANKS.get(unit.kind, _OTHER_RANK),
        active=unit.must_be_active,
        enabled=unit.must_be_enabled and unit.installable,
        wanted_by=unit.wanted_by,
        after=unit.after,
        before=(*unit.before, hands_to) if hands_to else unit.before,
        ties=_find_ties(unit),
        pulls=_find_pulled(unit),
        file=file,
        sees=list_config_files(unit, file, dropins),
        required_by=_list_required_by(unit.install),
        hands_to=hands_to,
        stop_commands=any(directive.startswith("ExecStop") for directive in _list_commands(unit)),
        aliases=unit.names[1:] if basename(file) == unit.unit else (),
        only_pulled_in=bool(parse_boolean(dict(unit.unit_settings).get("RefuseManualStart", ""))),
    )


def _list_commands(unit: DesiredUnit) -> Iterator[str]:
    """The directives of its commands other than ExecStart=."""
    if isinstance(unit, DesiredService):
        yield from (command.directive for command in unit.commands)
    if isinstance(unit, DesiredOther):
        yield from (key for key, _ in unit.settings)


def _find_ties(unit: DesiredUnit) -> dict[str, str]:
    """Unit → the first directive by which this one stops with it."""
    requisite = tuple(name for key, value in unit.unit_settings if key == "Requisite" for name in value.split())
    tied = (("Requires", unit.requires), ("Requisite", requisite), ("BindsTo", unit.binds_to), ("PartOf", unit.part_of))
    return {name: directive for directive, names in reversed(tied) for name in names}


def _find_pulled(unit: DesiredUnit) -> dict[str, str]:
    """Unit → the strongest directive by which starting this one starts it."""
    upheld = tuple(name for key, value in unit.unit_settings if key == "Upholds" for name in value.split())
    pulled = (("Requires", unit.requires), ("BindsTo", unit.binds_to), ("Upholds", upheld), ("Wants", unit.wants))
    return {name: directive for directive, names in reversed(pulled) for name in names}


def _list_required_by(install: Pairs) -> tuple[str, ...]:
    return tuple(unit for directive, unit in install if directive == "RequiredBy")
