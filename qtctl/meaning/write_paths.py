"""Where a fleet writes on a host."""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, normpath

from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.errors import InputError
from qtctl.model.desired import Desired, DesiredOther, DesiredService
from qtctl.model.unit_kinds import UnitKind

OF_THE_HOST = ("/", "/dev/shm", "/run", "/run/lock", "/tmp", "/var/cache", "/var/lib", "/var/log", "/var/tmp")  # noqa: S108 - looked at
"""Where systemd, journald, Redis, the Directory= settings of services, temporary files and shared memory are."""
SHARED_FOLDERS = frozenset(
    ("/", "/dev", "/etc", "/home", "/mnt", "/opt", "/root", "/run", "/srv", "/sys", "/tmp", "/usr", "/var",  # noqa: S108
     "/var/cache", "/var/lib", "/var/log", "/var/tmp")  # noqa: S108
)  # fmt: skip
"""Folders of every host: a service that may write to one writes to its own folder there."""
_WRITTEN = ("ReadWritePaths",)
_OUTPUT = ("StandardOutput", "StandardError")


@dataclass(frozen=True, slots=True)
class WritePath:
    """An absolute path that a service must write to. `optional`: it may be missing.

    `by_user`: its user must; else systemd opens it before the service becomes its user's.
    """

    path: str
    optional: bool
    by_user: bool


def write_paths(desired: Desired) -> tuple[str, ...]:
    """Absolute paths, sorted: of the host itself, declared folders and mounts, and what services may write to."""
    found = {
        *OF_THE_HOST,
        *(folder.path for folder in desired.folders),
        *(dirname(file.path) for file in desired.files if not file.may_be_absent),
        *(service.working_directory for service in desired.services),
        *(each.path for service in desired.services for each in list_write_paths(service)),
        *(path for unit in desired.other_units for path in _list_mounted(unit)),
    }
    return tuple(sorted({normpath(path) for path in found if path.startswith("/") and "%" not in path}))


def list_write_paths(service: DesiredService) -> Iterator[WritePath]:
    """What its directives say that it writes to; paths that only its host can complete are left out."""
    for directive, value in (*service.sandbox, *service.settings):
        if directive in _WRITTEN:
            words = (WritePath(word.lstrip("-+"), "-" in word[:2], by_user=True) for word in _split_paths(str(value)))
            yield from (each for each in words if _is_plain(each.path))
        elif directive in _OUTPUT and ":/" in str(value):
            folder = dirname(str(value).partition(":")[2])
            if _is_plain(folder):
                yield WritePath(folder, optional=False, by_user=False)


def _split_paths(value: str) -> tuple[str, ...]:
    """As systemd splits a list of paths; nothing if it would refuse the list."""
    try:
        return split(value, Escapes.LITERAL)
    except InputError:
        return ()


def _is_plain(path: str) -> bool:
    return path.startswith("/") and "%" not in path


def _list_mounted(unit: DesiredOther) -> Iterator[str]:
    if unit.kind is UnitKind.MOUNT:
        yield from (str(value) for directive, value in unit.settings if directive == "Where")
