"""What systemd must have loaded for the units of a host, read from their generated files."""

from collections.abc import Mapping

from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.meaning.loaded_values import list_loaded_values
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_loaded import LoadedUnit
from qtctl.model.relations import Order
from qtctl.model.vocabulary import list_directives

_DEPENDENCIES = {("Unit", directive) for _, directive in list_directives(Order, "")}


def list_loaded_units(desired: Desired) -> tuple[LoadedUnit, ...]:
    """For each unit whose file is generated; nothing before it is rendered."""
    files = {file.subject: file for file in desired.files if file.kind == "unit"}
    units = (unit for unit in desired.units() if unit.made_by in files)
    names = {name: unit.unit for unit in desired.units() for name in unit.names}
    return tuple(_load_file(files[unit.made_by], unit.unit, names) for unit in units)


def _load_file(file: DesiredFile, unit: str, names: Mapping[str, str]) -> LoadedUnit:
    said = merge_effective(parse(file.content, file.path))
    meant = {at: _list_meant(values, names) if at in _DEPENDENCIES else values for at, values in said.items()}
    return LoadedUnit(
        unit, list_loaded_values({at: values for at, values in meant.items() if values or not said[at]}, unit)
    )


def _list_meant(values: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """An alias is loaded as the unit it stands for; for an undeclared unit, only the host knows which."""
    return tuple(names.get(value, value) for value in values if value in names or value.endswith(".target"))
