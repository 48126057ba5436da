"""What systemd must have loaded for the units of a host, read from their generated files."""

from collections.abc import Mapping

from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.meaning.loaded_values import loaded_values
from qtctl.model.desired import Desired, DesiredFile
from qtctl.model.desired_loaded import LoadedUnit


def loaded_units(desired: Desired) -> tuple[LoadedUnit, ...]:
    """For each unit whose file is generated; nothing before it is rendered."""
    files = {file.subject: file for file in desired.files if file.kind == "unit"}
    units = (unit for unit in desired.units() if unit.made_by in files)
    aliases = {alias: unit.unit for unit in desired.units() for alias in unit.names[1:]}
    return tuple(_of_file(files[unit.made_by], unit.unit, aliases) for unit in units)


def _of_file(file: DesiredFile, unit: str, aliases: Mapping[str, str]) -> LoadedUnit:
    """An alias in [Unit] is loaded as the unit that it is a name of."""
    said = effective(parse(file.content, file.path))
    if aliases:
        said = {at: _meant(values, aliases) if at[0] == "Unit" else values for at, values in said.items()}
    return LoadedUnit(unit, loaded_values(said, unit))


def _meant(values: tuple[str, ...], aliases: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(aliases.get(value, value) for value in values)
