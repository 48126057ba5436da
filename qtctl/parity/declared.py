"""A unit that a compose service went to, as settings are compared with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from qtctl.dialects.paths import is_in
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_unit import DesiredUnit, Pairs
from qtctl.model.unit_kinds import UnitKind

_BASES = {
    "StateDirectory": "/var/lib",
    "RuntimeDirectory": "/run",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "ConfigurationDirectory": "/etc",
}
_PATHS = ("ReadWritePaths", "ReadOnlyPaths", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem")
_STARTS = ("wants", "requires", "binds_to")


@dataclass(frozen=True, slots=True)
class Declared:
    """A service of the registry. `secrets`: names of its secret variables. `further_files`: env files of others."""

    service: DesiredService
    env: Mapping[str, str]
    secrets: frozenset[str]
    further_files: tuple[str, ...]
    directives: Mapping[str, tuple[str, ...]]
    paths: tuple[str, ...]

    @property
    def unit(self) -> str:
        return self.service.unit

    def list_order(self, units: Iterable[str]) -> frozenset[str]:
        """How it depends on one of these units: `after`, `wants`, `requires`, `part_of`."""
        wanted = frozenset(units)
        found = {key for key in (*_STARTS, "after", "part_of") if not wanted.isdisjoint(getattr(self.service, key))}
        if found & {"requires", "binds_to"}:
            found |= {"wants", "requires"}
        return frozenset(found | ({"part_of"} if "binds_to" in found else set()))


def describe(service: DesiredService, shared: tuple[str, ...]) -> Declared:
    """`shared`: paths that every service of the host has."""
    return Declared(
        service,
        {**dict(service.unit_env), **dict(service.env)},
        frozenset(service.secrets_keys),
        service.env_files,
        _group_directives(service),
        (*(path for path in _list_own_paths(service) if path), *shared),
    )


def list_shared_paths(desired: Desired) -> tuple[str, ...]:
    """Folders and mounts of the host."""
    mounts = (value for unit in desired.other_units if unit.kind in (UnitKind.MOUNT, UnitKind.AUTOMOUNT)
              for key, value in unit.settings if key == "Where")  # fmt: skip
    return tuple(dict.fromkeys((*(each.path for each in desired.folders), *mounts)))


def _group_directives(service: DesiredService) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for directive, value in _list_pairs(service):
        found.setdefault(directive, []).append(value)
    return {directive: tuple(values) for directive, values in found.items()}


def _list_pairs(service: DesiredService) -> Iterator[tuple[str, str]]:
    every: tuple[Pairs, ...] = (
        service.limits, service.restart, service.start_limit, service.sandbox, service.settings, service.unit_settings,
    )  # fmt: skip
    for pairs in every:
        yield from pairs
    own = (("User", service.user), ("Group", service.group), ("WorkingDirectory", service.working_directory))
    yield from ((key, value) for key, value in own if value)
    for command in service.commands:
        yield command.directive, command.line or command.prefixes + " ".join(command.argv)


def _list_own_paths(service: DesiredService) -> Iterator[str]:
    yield from (service.code, service.venv, service.working_directory.lstrip("-"))
    for directive, value in (*service.settings, *service.sandbox):
        if directive in _BASES:
            yield str(PurePosixPath(_BASES[directive]) / value.partition(":")[0])
        elif directive in _PATHS:
            parts = value.lstrip("-+").split(":")
            yield parts[1] if directive.startswith("Bind") and len(parts) > 1 else parts[0]


def holds_path(path: str, folders: Iterable[str]) -> str:
    """The first of the folders that a path lies in; "" for none."""
    return next((each for each in folders if is_in(path, each)), "")


def list_services(units: Iterable[DesiredUnit]) -> Iterator[DesiredService]:
    yield from (each for each in units if isinstance(each, DesiredService))
