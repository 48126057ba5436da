"""What each declared unit should be, in one shape for every kind of unit."""

from dataclasses import dataclass

from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit, Pairs
from qtctl.model.unit_kinds import UnitKind


@dataclass(frozen=True, slots=True)
class UnitGoal:
    """One unit. `active` None: whether it runs is not the deploy's business (a timer starts it).

    `file` is the path of its unit file, `sees` the paths whose content its process read when it started.
    `ties` are the units whose stop or restart stops or restarts this one.
    """

    unit: str
    rank: int
    active: bool | None
    enabled: bool
    wanted_by: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    ties: tuple[str, ...]
    file: str
    sees: tuple[str, ...]
    required_by: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """The links that enable it. None for a unit that cannot be enabled, or that must not be."""
        directory = self.file.rpartition("/")[0]
        if not self.enabled:
            return ()
        wanted = tuple(f"{directory}/{target}.wants/{self.unit}" for target in self.wanted_by)
        return (*wanted, *(f"{directory}/{target}.requires/{self.unit}" for target in self.required_by))


def goals(desired: Desired) -> tuple[UnitGoal, ...]:
    """Sorted by unit name. Only units that a file of `desired` makes: nothing else is touched."""
    made = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    return tuple(_wish(unit, made[unit.made_by]) for unit in desired.units() if unit.generated and unit.made_by in made)


_RANKS = {UnitKind.SERVICE: 0, UnitKind.TARGET: 2}
"""Of units that need not wait for each other: services first, targets last."""
_OTHER_RANK = 1


def _wish(unit: DesiredUnit, file: str) -> UnitGoal:
    return UnitGoal(
        unit.unit,
        rank=_RANKS.get(unit.kind, _OTHER_RANK),
        active=unit.must_be_active,
        enabled=unit.must_be_enabled and unit.installable,
        wanted_by=unit.wanted_by,
        after=unit.after,
        before=unit.before,
        ties=(*unit.requires, *unit.binds_to, *unit.part_of),
        file=file,
        sees=_sees(unit, file),
        required_by=_required_by(unit.install),
    )


def _sees(unit: DesiredUnit, file: str) -> tuple[str, ...]:
    """Only a service has a process. Of a timer systemd works out the next run again at every daemon-reload."""
    if not isinstance(unit, DesiredService):
        return ()
    return (file, *(path for path in (unit.env_file, unit.secrets_file) if path))


def _required_by(install: Pairs) -> tuple[str, ...]:
    return tuple(unit for directive, unit in install if directive == "RequiredBy")
