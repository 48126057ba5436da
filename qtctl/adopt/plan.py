"""Facts about all units of one adoption: their names, their venvs, and what starts them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qtctl.adopt.boot import INSTALLED_BY, find_started_at_boot
from qtctl.adopt.exec_start import find_venv, name_venvs
from qtctl.adopt.merged_units import Original, Originals
from qtctl.adopt.names import find_kind, find_shared_prefix, name_entries
from qtctl.adopt.states import Standing, ends_by_itself, find_other_standing, find_service_standing
from qtctl.dialects.systemd.boot_order import NOT_OF_A_BOOT
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import TYPES, get_prefix, is_template, name_instance
from qtctl.model.adoption import UnitState

_ENDINGS = tuple(f".{each}" for each in TYPES)
_NEEDS = ("Wants", "Requires", "BindsTo", "Requisite", "Upholds", "OnFailure", "OnSuccess")


@dataclass(frozen=True, slots=True)
class Plan:
    """`names`: adopted unit → its name in its table. `venvs`: path → name. `drivers`: unit → type of what starts it.

    `short`: adopted unit → its name in [order]. `states`: of a live host; none for files.
    """

    fleet: str
    prefix: str
    names: Mapping[str, str]
    short: Mapping[str, str]
    venvs: Mapping[str, str]
    drivers: Mapping[str, str]
    states: Mapping[str, UnitState]
    linked: bool
    aliases: frozenset[str] = frozenset()
    """Other names of adopted units."""
    instances: frozenset[str] = frozenset()
    """Of adopted templates."""
    needed: frozenset[str] = frozenset()
    """Units that adopted ones pull in."""
    booted: frozenset[str] = frozenset()
    """Units that a boot starts, judging by their files."""
    pullers: frozenset[str] = frozenset()
    """Units that [Install] of adopted ones names."""

    @property
    def env_dir(self) -> str:
        return f"/etc/{self.fleet}"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names that count as the fleet's even if nothing declares them."""
        return (f"{self.prefix}*",) if self.prefix else ()

    def get_short_name(self, unit: str) -> str:
        return self.short.get(unit, unit)

    def is_unknown(self, unit: str) -> bool:
        """Whether it would count as the fleet's, but was not adopted."""
        known = unit in self.names or unit in self.aliases or unit in self.instances
        return not known and any(fnmatchcase(unit, pattern) for pattern in self.patterns)

    @property
    def live(self) -> bool:
        """Whether a live host reported what runs."""
        return bool(self.states)

    def find_standing(self, original: Original, unit: str = "") -> Standing:
        """Of the original, or of `unit`, an instance of it."""
        name = unit or original.unit
        known = self.states.get(name)
        unknown = known is None or not (known.enabled or known.active)
        if known is None or (unknown and not unit):
            return self._find_standing_by_files(original)
        if original.kind != "services":
            return find_other_standing(known)
        driver = self.drivers.get(name) or self.drivers.get(original.unit, "")
        return find_service_standing(original, known, driver, needed=name in self.needed)

    def _find_standing_by_files(self, original: Original) -> Standing:
        """A oneshot that ends by itself cannot be declared running: it is enabled, and a boot starts it."""
        if original.kind != "services":
            return self._find_other_standing_by_files(original)
        state = self._infer_state(original)
        if state == "running" and original.unit not in self.booted:
            return Standing("on-demand", enabled=True, open=self._explain_not_of_a_boot(original))
        return (
            Standing("on-demand", enabled=True) if state == "running" and ends_by_itself(original) else Standing(state)
        )

    def _explain_not_of_a_boot(self, original: Original) -> str:
        """What a person must decide if no boot is known to start it, although something wants it."""
        linked, said = {link.puller for link in original.pulled}, set(_list_words((original,), "Install", INSTALLED_BY))
        unlinked = sorted(said - linked - NOT_OF_A_BOOT) if self.linked else []
        if unlinked:
            return (
                f"has {', '.join(unlinked)} in [Install], and no link from there: it was declared on-demand, "
                "and a deploy makes the link"
            )
        unknown = sorted(
            each for each in (linked | said) - NOT_OF_A_BOOT if each not in self.names and each not in self.aliases
        )
        if not unknown:
            return ""
        return f"is wanted by {', '.join(unknown)}, and nothing shows what starts that: it was declared on-demand"

    def _find_other_standing_by_files(self, original: Original) -> Standing:
        """For units other than services: active if a boot starts them. Nobody knows what else a start would do."""
        booted = original.unit in self.booted
        if self._is_enabled(original) or original.kind == "slices":
            waits = Standing("on-demand", enabled=True, open=self._explain_not_of_a_boot(original))
            return Standing("active") if booted or original.kind == "slices" else waits
        if booted:
            return Standing("active", enabled=False if _is_installed(original) else None)
        left = original.kind == "targets" and original.unit in self.pullers
        what = "pulls units in, and nothing that a boot starts pulls it in: all of them were declared on-demand"
        return Standing("stopped" if _is_installed(original) else "on-demand", open=what if left else "")

    def _infer_state(self, original: Original) -> str:
        """The state of a service that no host reports on: running, on-timer, on-demand or stopped."""
        driver = self.drivers.get(original.unit, "")
        if self._is_enabled(original) and not (
            driver == "timers" and original.merged.last("Service", "Type") == "oneshot"
        ):
            return "running"
        if not driver and original.unit not in self.needed | self.booted:
            return "stopped"
        return "on-timer" if driver == "timers" else "on-demand"

    def _is_enabled(self, original: Original) -> bool:
        if original.pulled or original.instances:
            return True
        return not self.linked and _is_installed(original)


def plan(found: Originals, fleet: str, states: Mapping[str, UnitState]) -> Plan:
    units = [each.unit for each in found.units if not each.foreign and not each.masked]
    prefix = find_shared_prefix(units)
    names = name_entries(units, prefix)
    lines = [line for each in found.units for line in each.merged.all("Service", "ExecStart")]
    venvs = name_venvs(path for line in lines if (path := find_venv(line)))
    return Plan(
        fleet,
        prefix,
        names,
        _shorten(names),
        venvs,
        _map_drivers(found.units),
        states,
        found.linked,
        frozenset(_list_aliases(found.units)),
        frozenset(name_instance(each.unit, name) for each in found.units for name in each.instances),
        frozenset(_list_words(found.units, "Unit", _NEEDS)),
        find_started_at_boot(found.units, linked=found.linked),
        frozenset(_list_words(found.units, "Install", INSTALLED_BY)),
    )


def _list_aliases(units: Iterable[Original]) -> Iterator[str]:
    for each in units:
        yield from each.aliases
    yield from _list_words((each for each in units if not each.foreign), "Install", ("Alias",))


def _list_words(units: Iterable[Original], section: str, keys: Iterable[str]) -> Iterator[str]:
    for each in units:
        for key in keys:
            for line in each.merged.all(section, key):
                yield from line.split()


def _is_installed(original: Original) -> bool:
    return any(original.has("Install", key) for key in INSTALLED_BY)


def _shorten(names: Mapping[str, str]) -> Mapping[str, str]:
    """Names of services and targets; if two share one, both keep their whole names."""
    called = {unit: name for unit, name in names.items() if find_kind(unit) in ("services", "targets")}
    every = Counter(called.values())
    return {
        unit: name
        for unit, name in called.items()
        if every[name] == 1 and not name.endswith(_ENDINGS) and "@" not in name
    }


def _map_drivers(units: Iterable[Original]) -> Mapping[str, str]:
    """Unit → type of the unit that starts it: timers before paths before sockets."""
    found: dict[str, str] = {}
    for kind, section, key in (
        ("sockets", "Socket", "Service"),
        ("paths", "Path", "Unit"),
        ("timers", "Timer", "Unit"),
    ):
        for each in units:
            if each.kind == kind and not each.masked:
                found |= dict.fromkeys(_list_started(each, find_started(each, section, key)), kind)
    return found


def _list_started(original: Original, started: str) -> Iterator[str]:
    """What a unit starts; for a template the template that it starts, and what its instances start."""
    yield expand(started, original.unit)
    for name in original.instances:
        unit = expand(started, name_instance(original.unit, name))
        yield name_instance(unit, name) if is_template(unit) else unit


def find_started(original: Original, section: str, key: str) -> str:
    """What a timer, path or socket starts."""
    named = original.merged.last(section, key)
    if named:
        return named
    stem = original.unit.rpartition(".")[0]
    if key == "Service" and original.merged.last("Socket", "Accept").lower() in ("yes", "true", "1", "on", "y", "t"):
        return f"{get_prefix(original.unit)}@.service"
    own = "%i" if original.unit.endswith("@.timer") else ""
    return f"{stem}{own}.service"
