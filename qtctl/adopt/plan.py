"""What holds for all units of one adoption: what they are called, which venvs they run in, who drives whom."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qtctl.adopt.exec_start import venv_names, venv_of
from qtctl.adopt.merged_units import Original, Originals
from qtctl.adopt.names import entry_names, kind_of, shared_prefix
from qtctl.dialects.systemd.unit_name import TYPES
from qtctl.model.adoption import UnitState

_ENDINGS = tuple(f".{each}" for each in TYPES)
_PULLS = ("WantedBy", "RequiredBy", "UpheldBy")
STATES = {"enabled": True, "enabled-runtime": True, "linked": False, "disabled": False, "static": False}


@dataclass(frozen=True, slots=True)
class Plan:
    """`names`: adopted unit → its name in its table. `venvs`: path → name. `drivers`: unit → kind of what starts it.

    `short`: adopted unit → what [order] calls it. `states`: of a live host; none for files.
    """

    fleet: str
    prefix: str
    names: Mapping[str, str]
    short: Mapping[str, str]
    venvs: Mapping[str, str]
    drivers: Mapping[str, str]
    states: Mapping[str, UnitState]
    linked: bool

    @property
    def env_dir(self) -> str:
        return f"/etc/{self.fleet}"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names that count as the fleet's, though nothing declares them."""
        return (f"{self.prefix}*",) if self.prefix else ()

    def calls(self, unit: str) -> str:
        return self.short.get(unit, unit)

    def unknown(self, unit: str) -> bool:
        """Whether it would count as the fleet's, and is not among what was adopted."""
        return unit not in self.names and any(fnmatchcase(unit, pattern) for pattern in self.patterns)

    def state(self, original: Original) -> str:
        """Of a service: running, on-timer, on-demand or stopped."""
        driver = self.drivers.get(original.unit, "")
        if self._enabled(original) and not (
            driver == "timers" and original.merged.last("Service", "Type") == "oneshot"
        ):
            return "running"
        return {"timers": "on-timer", "": "stopped"}.get(driver, "on-demand")

    def active(self, original: Original) -> bool:
        """Of a unit that is no service: whether it is declared active."""
        known = self.states.get(original.unit)
        if known is not None:
            return known.active == "active" or known.enabled.startswith("enabled") or not known.enabled
        return not self.linked or self._enabled(original) or not _installs(original)

    def _enabled(self, original: Original) -> bool:
        known = self.states.get(original.unit)
        if known is not None and (known.enabled or known.active):
            return known.enabled.startswith("enabled") or known.active == "active"
        if original.pulled or original.instances:
            return True
        return not self.linked and _installs(original)


def plan(found: Originals, fleet: str, states: Mapping[str, UnitState]) -> Plan:
    units = [each.unit for each in found.units if not each.foreign and not each.masked]
    prefix = shared_prefix(units)
    names = entry_names(units, prefix)
    lines = [line for each in found.units for line in each.merged.all("Service", "ExecStart")]
    venvs = venv_names(path for line in lines if (path := venv_of(line)))
    return Plan(fleet, prefix, names, _short(names), venvs, _drivers(found.units), states, found.linked)


def _installs(original: Original) -> bool:
    return any(original.has("Install", key) for key in _PULLS)


def _short(names: Mapping[str, str]) -> Mapping[str, str]:
    """Names of services and targets; of two that share one, both keep their whole names."""
    called = {unit: name for unit, name in names.items() if kind_of(unit) in ("services", "targets")}
    every = Counter(called.values())
    return {
        unit: name
        for unit, name in called.items()
        if every[name] == 1 and not name.endswith(_ENDINGS) and "@" not in name
    }


def _drivers(units: Iterable[Original]) -> Mapping[str, str]:
    """Unit → the kind of unit that starts it: timers before paths before sockets."""
    found: dict[str, str] = {}
    for kind, section, key in (
        ("sockets", "Socket", "Service"),
        ("paths", "Path", "Unit"),
        ("timers", "Timer", "Unit"),
    ):
        for each in units:
            if each.kind == kind and not each.masked:
                found[started(each, section, key)] = kind
    return found


def started(original: Original, section: str, key: str) -> str:
    """What a timer, path or socket starts."""
    named = original.merged.last(section, key)
    if named:
        return named
    stem = original.unit.rpartition(".")[0]
    if key == "Service" and original.merged.last("Socket", "Accept").lower() in ("yes", "true", "1", "on", "y", "t"):
        return f"{stem}@.service"
    return f"{stem}.service"
