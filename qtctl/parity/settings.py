"""Each setting of a compose service → what became of it, by what the registry declares for the units it went to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from qtctl.dialects.arguments import mask_arguments
from qtctl.dialects.compose.types import Published
from qtctl.meaning.loaded_values import list_loaded_values
from qtctl.model.compose_settings import ComposeSetting, SettingKind
from qtctl.model.desired import Desired
from qtctl.model.desired_checks import HttpWanted, PropertyWanted
from qtctl.model.registry import Disposition
from qtctl.parity.contracts import Contracts
from qtctl.parity.declared import Declared, holds_path
from qtctl.parity.record import ServiceRules
from qtctl.parity.variables import judge_variable
from qtctl.parity.verdicts import Judged, choose, write_then
from qtctl.rules.setting_fates import Fate

ENGINE_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock")
_UNIT_SECTION = ("StartLimitIntervalSec", "StartLimitBurst")
_LISTENS = ("--host", "--port")
_PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Service:
    """What all settings of one compose service are judged by. `units`: those it went to; at least one.

    `published`: its ports.

    `places`: other compose service → the units it went to, None if that is unknown; `gone`: why there are none.
    """

    name: str
    published: Sequence[Published]
    units: tuple[Declared, ...]
    disposition: Disposition
    rules: ServiceRules
    desired: Desired
    contracts: Contracts
    places: Mapping[str, frozenset[str] | None]
    gone: Mapping[str, str]


Compare = Callable[[ComposeSetting, Declared, Service], Judged]


def judge(setting: ComposeSetting, service: Service) -> Judged:
    compare = _COMPARE[setting.kind]
    return choose(compare(setting, unit, service) for unit in service.units)


def judge_directive(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    then, now = write_then(setting), unit.directives.get(setting.key)
    if now is None:
        return Judged(Fate.LOST, then)
    shown = f"{setting.key}={' '.join(now)}"
    if _normalise_values(setting.key, setting.values) == _normalise_values(setting.key, now):
        return Judged(Fate.KEPT, then, shown)
    replaced = service.rules.replace(" ".join(setting.values))
    if replaced.rules and replaced.value == " ".join(now):
        return Judged(Fate.CHANGED, then, shown, f"by {', '.join(replaced.rules)}", replaced.rules)
    return Judged(Fate.DIFFERS, then, shown, rules=replaced.rules)


@lru_cache(maxsize=4096)
def _normalise_values(directive: str, values: tuple[str, ...]) -> object:
    """As systemd shows them once it has read them; as written if it shows nothing."""
    section = "Unit" if directive in _UNIT_SECTION else "Service"
    found = list_loaded_values({(section, directive): values}, "a.service")
    return repr(tuple(each.value for each in found)) if found else values


def judge_variable_of(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    return judge_variable(setting, unit, service.rules, service.contracts)


def judge_command(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    """Compare the program by its name, since its path differs; where uvicorn listens is compared as ports are."""
    argv = unit.service.argv
    then = " ".join(setting.values)
    if setting.values == argv:
        return Judged(Fate.KEPT, then, then)
    now = write_command(argv)
    replaced = [service.rules.replace(word) for word in setting.values]
    rules = tuple(dict.fromkeys(rule for each in replaced for rule in each.rules))
    words = tuple(each.value for each in replaced)
    if _normalise_program(words) == _normalise_program(argv):
        where = f"by {', '.join(rules)}" if rules else "the same program, at its present path and address"
        return Judged(Fate.CHANGED, then, now, where, rules)
    return Judged(Fate.DIFFERS, then, now, rules=rules)


def _normalise_program(argv: Sequence[str]) -> tuple[str, ...]:
    name = PurePosixPath(argv[0]).name if argv else ""
    plain = _PYTHON if name.removeprefix(_PYTHON).replace(".", "").isdecimal() else name
    rest = list(argv[1:])
    if plain == "uvicorn":
        plain, rest = _PYTHON, ["-m", "uvicorn", *rest]
    if rest[:2] == ["-m", "uvicorn"]:
        rest = _without_address(rest)
    return (plain, *rest)


def _without_address(words: Sequence[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if skip or word in _LISTENS:
            skip = not skip
        elif not word.startswith(tuple(f"{each}=" for each in _LISTENS)):
            found.append(word)
    return found


def write_command(argv: Sequence[str]) -> str:
    return " ".join(mask_arguments(argv))


def judge_image(_: ComposeSetting, unit: Declared, __: Service) -> Judged:
    now = write_command(unit.service.argv)
    return Judged(Fate.UNKNOWN, "", now, "the command is in the image, not in the compose file")


def judge_volume(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    same, mode = setting.values
    then = str(setting.value)
    if setting.key.rpartition("/")[2] in ENGINE_SOCKETS:
        return Judged(Fate.LOST, then, "", "the socket of the container engine")
    replaced = service.rules.replace(setting.key)
    if replaced.rules:
        folder = holds_path(replaced.value, unit.paths)
        if folder:
            return Judged(Fate.CHANGED, then, replaced.value, f"by {', '.join(replaced.rules)}", replaced.rules)
        return Judged(Fate.LOST, then, "", f"{replaced.value} is below no declared path", replaced.rules)
    if same:
        return Judged(Fate.KEPT, then, f"{same} ({mode})", "the same path of the host")
    folder = holds_path(setting.key, unit.paths)
    return Judged(Fate.KEPT, then, setting.key, f"below {folder}") if folder else Judged(Fate.LOST, then)


def judge_dependency(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    then, other = write_then(setting), setting.key
    if other in service.gone:
        return Judged(Fate.CHANGED, then, "", f"{other} is {service.gone[other]}")
    units = service.places.get(other)
    if not units:
        return Judged(Fate.UNKNOWN, then, "", f"nothing on this host is declared for {other}")
    if unit.unit in units:
        return Judged(Fate.CHANGED, then, unit.unit, f"{other} is the same unit now")
    found, wanted = unit.list_order(units), frozenset(setting.values)
    now = f"{', '.join(sorted(found & wanted))} {', '.join(sorted(units))}" if found & wanted else ""
    if wanted <= found:
        return Judged(Fate.KEPT, then, now)
    return Judged(Fate.DIFFERS, then, now) if now else Judged(Fate.LOST, then)


def judge_healthcheck(setting: ComposeSetting, unit: Declared, service: Service) -> Judged:
    then = " ".join(setting.values)
    target, slash, path = setting.key.partition("/")
    ports = {target} | {str(port.published) for port in service.published if str(port.target) == target}
    ports |= {service.disposition.ports.get(each, each) for each in ports}
    for port in (each for each in unit.service.ports if each.health_path):
        now = f"GET {port.address}:{port.port}{port.health_path}"
        if not slash:
            return Judged(Fate.CHANGED, then, now, "an audit asks this URL instead")
        if port.health_path == slash + path and str(port.port) in ports:
            return Judged(Fate.KEPT, then, now)
        return Judged(Fate.DIFFERS, then, now)
    checks = _list_checks(unit, service.desired)
    if checks:
        return Judged(Fate.CHANGED, then, f"check {checks[0]}", "a check of the registry's own")
    return Judged(Fate.LOST, then)


def _list_checks(unit: Declared, desired: Desired) -> list[str]:
    """Checks of the registry's own for the unit, or for a URL of its ports."""
    ports = {port.port for port in unit.service.ports}
    return [
        each.id
        for each in desired.checks
        if (isinstance(each.wanted, PropertyWanted) and each.wanted.unit == unit.unit)
        or (isinstance(each.wanted, HttpWanted) and each.wanted.url.port in ports)
    ]


def judge_replicas(setting: ComposeSetting, _: Declared, service: Service) -> Judged:
    then, now = setting.values[0], str(len(service.units))
    return Judged(Fate.KEPT if now == then else Fate.DIFFERS, f"{then} of them", f"{now} of them")


def judge_unread(setting: ComposeSetting, _: Declared, __: Service) -> Judged:
    return Judged(Fate.UNKNOWN, write_then(setting), "", setting.why)


def judge_left(setting: ComposeSetting, _: Declared, __: Service) -> Judged:
    if setting.means_nothing:
        return Judged(Fate.NOT_APPLICABLE, write_then(setting), "", setting.why)
    return Judged(Fate.DIFFERS, write_then(setting), "", setting.why)


_COMPARE: dict[SettingKind, Compare] = {
    SettingKind.DIRECTIVE: judge_directive,
    SettingKind.VARIABLE: judge_variable_of,
    SettingKind.COMMAND: judge_command,
    SettingKind.IMAGE: judge_image,
    SettingKind.VOLUME: judge_volume,
    SettingKind.DEPENDENCY: judge_dependency,
    SettingKind.HEALTHCHECK: judge_healthcheck,
    SettingKind.REPLICAS: judge_replicas,
    SettingKind.UNREAD: judge_unread,
    SettingKind.LEFT: judge_left,
}
