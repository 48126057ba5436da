"""Declared checks → those of one host."""

from qtctl.dialects.systemd.timespan import microseconds
from qtctl.model.checks import Check
from qtctl.model.desired_checks import CommandWanted, DesiredCheck, FileWanted, PropertyWanted
from qtctl.model.registry import Registry
from qtctl.resolve.hosts import includes


def checks(registry: Registry, host: str) -> tuple[DesiredCheck, ...]:
    """By id. None of one that says nothing to look at, which no registry is used with."""
    return tuple(
        DesiredCheck(id_, each.summary, each.severity, each.why, each.remedy, wanted, registry.origins["checks", id_])
        for id_, each in sorted(registry.checks.items())
        if each.state == "active" and includes(each.hosts, host) and (wanted := _wanted(each)) is not None
    )


def _wanted(check: Check) -> CommandWanted | FileWanted | PropertyWanted | None:
    if (command := check.command) is not None:
        within = microseconds(command.within)
        return CommandWanted(command.argv, command.exit, command.output, command.contains, within)
    if (file := check.file) is not None:
        age = None if file.max_age is None else microseconds(file.max_age)
        mode = file.mode.zfill(4) if file.mode else ""
        return FileWanted(file.path, file.kind, file.owner or "", file.group or "", mode, age, bool(file.not_empty))
    if (unit := check.unit) is not None:
        return PropertyWanted(unit.unit, unit.property, unit.value)
    return None
