"""What systemd must have loaded for a unit: the values of its directives, as properties on the bus show them."""

from collections.abc import Iterator, Mapping, Sequence

from qtctl.dialects.systemd.properties import Property, find_property
from qtctl.dialects.systemd.property_expectations import make_expected
from qtctl.dialects.systemd.property_values import NotComparable
from qtctl.model.desired_loaded import LoadedValue

Assigned = Mapping[tuple[str, str], Sequence[str]]
"""(section, directive) → values, as `unitfile.merge_effective` gives them."""


def list_loaded_values(assigned: Assigned, unit: str) -> tuple[LoadedValue, ...]:
    """What a unit's file says, as its properties must show it; without what only the host can tell."""
    found: dict[Property, list[tuple[str, str]]] = {}
    for (section, key), values in assigned.items():
        shown = find_property(section, key)
        if shown is not None:
            found.setdefault(shown, []).extend((key, value) for value in values)
    return tuple(_list_loaded(found, unit))


def _list_loaded(found: Mapping[Property, Sequence[tuple[str, str]]], unit: str) -> Iterator[LoadedValue]:
    for shown, given in found.items():
        if not given or given[-1][1] == "":
            continue  # emptied: systemd's own default, which differs from version to version
        try:
            value = make_expected(shown.shape, given, unit)
        except NotComparable:
            continue
        yield LoadedValue(shown.interface, given[-1][0], shown.name, value)
