"""What a rule looks at: the registry, what it means for one host, and the rendered units as systemd will read them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qtctl.dialects.systemd.unitfile import Effective, UnitFile, merge_effective, parse
from qtctl.findings.finding import Finding
from qtctl.findings.meaning import Meaning
from qtctl.model.desired import Desired, DesiredDropin, DesiredOther, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.host_values import apply_host_values
from qtctl.model.registry import Registry

Declared: TypeAlias = DesiredService | DesiredTarget | DesiredTimer | DesiredOther | DesiredDropin


@dataclass(frozen=True, slots=True)
class Unit:
    """A rendered unit. `declared` is what it was rendered from, `template` the file that it was rendered with."""

    name: str
    template: str
    file: DesiredFile
    declared: Declared
    parsed: UnitFile
    values: Effective

    @property
    def subject(self) -> str:
        return self.declared.name

    @property
    def service(self) -> DesiredService | None:
        return self.declared if isinstance(self.declared, DesiredService) else None

    def last(self, section: str, key: str) -> str:
        """The value that counts; "" if the unit has none."""
        values = self.values.get((section, key), ())
        return values[-1] if values else ""

    def all(self, section: str, key: str) -> tuple[str, ...]:
        return self.values.get((section, key), ())


@dataclass(frozen=True, slots=True)
class View:
    """`units` is empty if rendering failed. `keys`: directive → the keys that it is made from.

    `first`: the rules that look at the registry alone run on this host. `unsure`: names of entries that were not read
    completely, "" for fleet.toml; None if everything was. `today`: ISO 8601; "" if nothing is judged by it.
    `placed`: the registry as it is for the host.
    """

    registry: Registry
    desired: Desired
    placed: Registry
    units: tuple[Unit, ...]
    templates: Mapping[str, str]
    keys: Mapping[str, tuple[str, ...]]
    first: bool = True
    unsure: frozenset[str] | None = None
    today: str = ""

    @property
    def partial(self) -> bool:
        """Whether some of the registry was not read: then nothing follows from what is missing."""
        return self.unsure is not None

    def is_whole(self, unit: Unit) -> bool:
        """Whether a directive that the unit does not have is really not set."""
        return self.unsure is None or not ({"", unit.subject} & self.unsure)

    @property
    def systemd(self) -> int:
        return self.registry.hosts[self.desired.host].systemd

    def is_guessed(self, key: str) -> bool:
        """Whether nobody has checked what hosts.toml says about the host under this key."""
        return key in self.registry.hosts[self.desired.host].guessed

    @property
    def services(self) -> tuple[tuple[Unit, DesiredService], ...]:
        return tuple((unit, unit.service) for unit in self.units if unit.service is not None)


@dataclass(frozen=True, slots=True)
class ViewRule(Meaning):
    """A finding over what is declared and rendered."""

    look: Callable[[View], Iterable[Finding]]
    each_host: bool = False
    """Whether it says something about the host itself: then it looks at hosts that are alike one by one."""


_TEMPLATES = {
    DesiredService: "service.j2",
    DesiredTimer: "timer.j2",
    DesiredTarget: "target.j2",
    DesiredOther: "unit.j2",
    DesiredDropin: "dropin.j2",
}


def look(
    registry: Registry,
    desired: Desired,
    templates: Mapping[str, str],
    keys: Mapping[str, tuple[str, ...]],
    *,
    first: bool = True,
    unsure: frozenset[str] | None = None,
    today: str = "",
) -> View:
    """The view of one host, whose units have been rendered (or not)."""
    by_unit = {each.unit: each for each in find_declared(desired)}
    by_path = {dropin.path: dropin for dropin in desired.dropins}
    made = (file for file in desired.files if file.of_unit and not file.may_be_absent)
    units = tuple(_make_unit(file, by_path.get(file.path) or by_unit[file.subject]) for file in made)
    return View(
        registry, desired, apply_host_values(registry, desired.host), units, templates, keys, first, unsure, today
    )


def find_declared(desired: Desired) -> tuple[Declared, ...]:
    """What a host's unit files are rendered from, drop-ins excepted."""
    return (*desired.services, *desired.templates, *desired.timers, *desired.targets, *desired.other_units)


def _make_unit(file: DesiredFile, declared: Declared) -> Unit:
    template = _TEMPLATES[type(declared)]
    parsed = parse(file.content, f"{file.subject} from {template}")
    return Unit(file.subject, template, file, declared, parsed, merge_effective(parsed))
