"""Where a fleet writes on a host."""

from collections.abc import Iterator
from posixpath import dirname, normpath

from qtctl.model.desired import Desired, DesiredOther, DesiredService
from qtctl.model.unit_kinds import UnitKind

OF_THE_HOST = ("/", "/run", "/tmp", "/var/cache", "/var/lib", "/var/log")  # noqa: S108 - looked at, not written to
"""Where systemd, journald, Redis and the Directory= settings of services write."""
_WRITTEN = ("ReadWritePaths",)
_OUTPUT = ("StandardOutput", "StandardError")


def write_paths(desired: Desired) -> tuple[str, ...]:
    """Absolute paths, sorted: of the host itself, declared folders and mounts, and what services may write to."""
    found = {
        *OF_THE_HOST,
        *(folder.path for folder in desired.folders),
        *(dirname(file.path) for file in desired.files if not file.may_be_absent),
        *(path for service in desired.services for path in _of_service(service)),
        *(path for unit in desired.other_units for path in _mounted(unit)),
    }
    return tuple(sorted({normpath(path) for path in found if path.startswith("/") and "%" not in path}))


def _of_service(service: DesiredService) -> Iterator[str]:
    yield service.working_directory
    for directive, value in (*service.sandbox, *service.settings):
        if directive in _WRITTEN:
            yield from (word.lstrip("-+") for word in str(value).split())
        elif directive in _OUTPUT and ":/" in str(value):
            yield dirname(str(value).partition(":")[2])


def _mounted(unit: DesiredOther) -> Iterator[str]:
    if unit.kind is UnitKind.MOUNT:
        yield from (str(value) for directive, value in unit.settings if directive == "Where")
