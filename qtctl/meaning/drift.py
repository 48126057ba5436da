"""What systemd loaded differently from what is declared: which properties to ask for, and which differ."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from qtctl.dialects.systemd.properties import Property, find_property
from qtctl.dialects.systemd.property_values import NotComparable, is_as_declared, read_observed
from qtctl.model.desired import DesiredOther, DesiredService, DesiredTimer
from qtctl.model.desired_loaded import LoadedValue
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.json import Json


class Difference(NamedTuple):
    """A directive that is loaded with another value than declared, and the property that shows it."""

    directive: str
    shown: Property
    declared: Json
    loaded: Json


def list_asked_properties(unit: DesiredUnit) -> tuple[Property, ...]:
    """The properties that show a unit's declared directives, each once; known before its file is rendered."""
    shown = (find_property(section, key) for section, key in _list_directives(unit))
    return tuple(dict.fromkeys(each for each in shown if each is not None))


_SERVICE = ("Type", "User", "Group", "WorkingDirectory", "SyslogIdentifier", "EnvironmentFile", "ExecStart")
_UNIT = (
    "Description", "Wants", "Requires", "BindsTo", "After", "Before", "Conflicts", "PartOf", "OnFailure",
)  # fmt: skip


def _list_directives(unit: DesiredUnit) -> Iterator[tuple[str, str]]:
    yield from (("Unit", key) for key in (*_UNIT, *_list_keys(unit.unit_settings)))
    match unit:
        case DesiredService():
            pairs = (*unit.settings, *unit.restart, *unit.limits, *unit.sandbox)
            yield from (("Unit", key) for key in _list_keys(unit.start_limit))
            yield from (("Service", key) for key in (*_SERVICE, *_list_keys(pairs)))
            yield from (("Service", command.directive) for command in unit.commands)
        case DesiredTimer():
            yield from (("Timer", key) for key in ("Unit", *_list_keys(unit.schedule)))
        case DesiredOther():
            yield from ((unit.section, key) for key in _list_keys(unit.settings))


def _list_keys(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (key for key, _ in pairs)


def find_differences(wanted: Iterable[LoadedValue], found: Mapping[str, Json]) -> tuple[Difference, ...]:
    """Directives loaded with another value. `found`: property → value as read; unread ones are skipped."""
    return tuple(each for value in wanted for each in _compare_value(value, found))


def _compare_value(value: LoadedValue, found: Mapping[str, Json]) -> Iterator[Difference]:
    shown = find_property(value.interface, value.directive)
    if shown is None or value.property not in found:
        return
    try:
        loaded = read_observed(shown.shape, found[value.property])
    except NotComparable:
        return
    if not is_as_declared(shown.shape, value.value, loaded):
        yield Difference(value.directive, shown, value.value, loaded)
