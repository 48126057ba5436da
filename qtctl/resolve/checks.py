"""Declared checks → those of one host."""

from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.checks import Check, FileCheck
from qtctl.model.desired_checks import CommandWanted, DesiredCheck, FileWanted, HttpWanted, PropertyWanted
from qtctl.model.origin import Origin
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry
from qtctl.model.service import Port
from qtctl.resolve.listeners import make_listener


def resolve_checks(registry: Registry, host: str) -> tuple[DesiredCheck, ...]:
    """Sorted by id. A check with nothing to look at is skipped: a registry with one does not load."""
    return tuple(
        DesiredCheck(id_, each.summary, each.severity, each.why, each.remedy, wanted, registry.origins["checks", id_])
        for id_, each in sorted(registry.checks.items())
        if each.state == "active"
        and includes_host(registry, each.hosts, host)
        and (wanted := _resolve_wanted(each, registry.origins["checks", id_])) is not None
    )


def _resolve_wanted(check: Check, origin: Origin) -> CommandWanted | HttpWanted | FileWanted | PropertyWanted | None:
    if (command := check.command) is not None:
        within = parse_microseconds(command.within)
        return CommandWanted(command.argv, command.exit, command.output, command.contains, within)
    if (file := check.file) is not None:
        return _resolve_file(file)
    if (http := check.http) is not None:
        port = Port(listen=http.listen, health=http)
        return HttpWanted(make_listener("http", port, origin.at("http")))
    if (unit := check.unit) is not None:
        return PropertyWanted(unit.unit, unit.property, unit.value)
    return None


def _resolve_file(file: FileCheck) -> FileWanted:
    return FileWanted(
        file.path,
        file.kind,
        file.owner or "",
        file.group or "",
        file.mode.zfill(4) if file.mode else "",
        None if file.max_age is None else parse_microseconds(file.max_age),
        bool(file.not_empty),
        None if file.min_size is None else parse_bytes(file.min_size),
        None if file.max_size is None else parse_bytes(file.max_size),
        file.sha256 or "",
        file.line,
    )
