"""What each declared unit should be, in one shape for every kind of unit."""

from collections.abc import Mapping
from dataclasses import dataclass

from qtctl.dialects.systemd.unit_name import is_template
from qtctl.model.desired import (
    Desired,
    DesiredFile,
    DesiredService,
    DesiredTarget,
    DesiredTimer,
    DesiredUnit,
    Pairs,
)
from qtctl.model.states import ServiceState


@dataclass(frozen=True, slots=True)
class Wish:
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


def wishes(desired: Desired) -> tuple[Wish, ...]:
    """Sorted by unit name. Only units that a file of `desired` makes: nothing else is touched."""
    made = {file.subject: file for file in desired.files if file.kind == "unit"}
    found = [_service(service, made) for service in desired.services if (service.template or service.unit) in made]
    found += [_timer(timer, made) for timer in desired.timers if timer.unit in made]
    found += [_target(target, made) for target in desired.targets if target.unit in made]
    found += [_lesser(unit, made) for unit in desired.units if unit.unit in made and not is_template(unit.unit)]
    return tuple(sorted(found, key=lambda wish: wish.unit))


_ACTIVE = {ServiceState.RUNNING: True, ServiceState.STOPPED: False}


def _service(service: DesiredService, made: Mapping[str, DesiredFile]) -> Wish:
    path = made[service.template or service.unit].path
    env = tuple(file for file in (service.env_file, service.secrets_file) if file)
    return Wish(
        service.unit,
        rank=0,
        active=_ACTIVE.get(service.state),
        enabled=service.enabled and bool(service.wanted_by or service.install),
        wanted_by=service.wanted_by,
        after=service.after,
        before=service.before,
        ties=(*service.requires, *service.binds_to, *service.part_of),
        file=path,
        sees=(path, *env),
        required_by=_required_by(service.install),
    )


def _timer(timer: DesiredTimer, made: Mapping[str, DesiredFile]) -> Wish:
    # A timer has no process: systemd works out its next run again at every daemon-reload.
    return Wish(
        timer.unit,
        rank=1,
        active=timer.active,
        enabled=timer.active and bool(timer.wanted_by or timer.install),
        wanted_by=timer.wanted_by,
        after=(),
        before=(),
        ties=(),
        file=made[timer.unit].path,
        sees=(),
        required_by=_required_by(timer.install),
    )


def _lesser(unit: DesiredUnit, made: Mapping[str, DesiredFile]) -> Wish:
    # A slice comes and goes with what is in it.
    return Wish(
        unit.unit,
        rank=1,
        active=None if unit.section == "Slice" else unit.active,
        enabled=unit.active and bool(unit.wanted_by or unit.install),
        wanted_by=unit.wanted_by,
        after=unit.after,
        before=unit.before,
        ties=(*unit.requires, *unit.binds_to, *unit.part_of),
        file=made[unit.unit].path,
        sees=(),
        required_by=_required_by(unit.install),
    )


def _required_by(install: Pairs) -> tuple[str, ...]:
    return tuple(unit for directive, unit in install if directive == "RequiredBy")


def _target(target: DesiredTarget, made: Mapping[str, DesiredFile]) -> Wish:
    return Wish(
        target.unit,
        rank=2,
        active=True,
        enabled=bool(target.wanted_by or target.install),
        wanted_by=target.wanted_by,
        after=target.after,
        before=target.before,
        ties=(*target.requires, *target.binds_to, *target.part_of),
        file=made[target.unit].path,
        sees=(),
        required_by=_required_by(target.install),
    )
