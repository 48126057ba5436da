"""What systemd must have loaded for the units of a host, read from their generated files."""

from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.meaning.loaded_values import loaded_values
from qtctl.model.desired import Desired, DesiredFile
from qtctl.model.desired_loaded import LoadedUnit


def loaded_units(desired: Desired) -> tuple[LoadedUnit, ...]:
    """For each unit whose file is generated; nothing before it is rendered."""
    files = {file.subject: file for file in desired.files if file.kind == "unit"}
    units = (unit for unit in desired.units() if unit.made_by in files)
    return tuple(_of_file(files[unit.made_by], unit.unit) for unit in units)


def _of_file(file: DesiredFile, unit: str) -> LoadedUnit:
    return LoadedUnit(unit, loaded_values(effective(parse(file.content, file.path)), unit))
