"""Every value of one declared entry, with its source."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel, JsonValue

from qtctl.dialects.arguments import mask_arguments, mask_lines
from qtctl.dialects.secrets import HIDDEN, is_harmless, is_secret_name
from qtctl.dialects.toml.positions import map_lines
from qtctl.errors import Place
from qtctl.model.host_defaults import EVERY, locate_host_key
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.service import RunKind, Service
from qtctl.model.states import STARTED_BY_OTHERS, ServiceState
from qtctl.reports.document import Part

Leaf = tuple[tuple[str, ...], Any]

BUILT_IN = "built in"
DEFAULT = "default"
FLEET = Origin("fleet.toml")


class Value(Part):
    """`key`: dotted path. `origin`: file and line, marked if it is a default; or `built in`."""

    key: str
    value: JsonValue
    origin: str


class Places:
    """File and line of declared values; each text is searched once."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, dict[tuple[str, ...], int]] = {}

    def of(self, origin: Origin) -> Place:
        if origin.file not in self._lines:
            self._lines[origin.file] = map_lines(self._files[origin.file].decode("utf-8"))
        lines = self._lines[origin.file]
        paths = (origin.path[:end] for end in range(len(origin.path), 0, -1))
        return Place(origin.file, next((lines[path] for path in paths if path in lines), 1))


def list_values(registry: Registry, kind: str, name: str, places: Places) -> tuple[Value, ...]:
    """The values of its own file, then the defaults of the fleet, then those built into qtctl."""
    node = getattr(registry, kind)[name]
    origin = registry.origins[kind, name]
    own = dict(_flatten(node.model_dump(mode="json", by_alias=True, exclude_unset=True)))
    on = registry.host_values.get(origin, {})
    describe = (
        partial(_describe_host_value, registry, name) if kind == "hosts" else partial(_describe_source, origin, on)
    )
    found = [_make_value(path, value, describe(path, places)) for path, value in own.items()]
    if isinstance(node, Service):
        found += _list_fleet_defaults(registry, node, own, origin, places)
    there = {value.key for value in found}
    return (*found, *(value for value in _list_built_in(node) if value.key not in there))


def _describe_source(origin: Origin, on: Mapping[tuple[str, ...], str], path: tuple[str, ...], places: Places) -> str:
    """`on`: the values of the host that is shown, which come from a table of its own or of one of its tags."""
    if path in on:
        return f"{places.of(origin.at('on', on[path], *path))} (on {on[path]})"
    return str(places.of(origin.at(*path)))


def _describe_host_value(registry: Registry, host: str, path: tuple[str, ...], places: Places) -> str:
    """A value that the host has from a table of defaults is marked as one; for all hosts, or those with a tag."""
    origin = locate_host_key(registry, host, *path)
    marks = {host: "", EVERY: f" ({DEFAULT})"}
    return f"{places.of(origin)}{marks.get(origin.path[0], f' ({DEFAULT} of {origin.path[0]})')}"


def _list_fleet_defaults(
    registry: Registry, service: Service, own: dict[tuple[str, ...], Any], origin: Origin, places: Places
) -> Iterator[Value]:
    if service.state is ServiceState.RETIRED:
        return
    defaults = registry.fleet.defaults
    written = dict(_flatten(defaults.model_dump(mode="json", exclude_unset=True)))
    if service.user and not service.group:
        yield _make_value(("group",), service.user, f"{places.of(origin.at('user'))} (the group of its user)")
    for path, value in _flatten(defaults.model_dump(mode="json")):
        to = ("run", *path) if path[0] in ("code", "python") else path
        if _has_default(service, to) and (to not in own or isinstance(value, list)) and value not in (None, [], ""):
            where = f"{places.of(FLEET.at('defaults', *path))} ({DEFAULT})" if path in written else BUILT_IN
            yield _make_value(to, value, where)
    if _has_default(service, ("sandbox", "profile")) and not (service.sandbox.profile or defaults.sandbox.profile):
        yield _make_value(("sandbox", "profile"), "default", BUILT_IN)
    yield from _list_lag_defaults(registry, service, places)


def _has_default(service: Service, path: tuple[str, ...]) -> bool:
    """Whether resolve applies a default of the fleet to the service."""
    run = service.run
    if path == ("run", "python"):
        return run is not None and run.venv is None and run.kind is not RunKind.COMMAND
    if path == ("group",):
        return not service.user
    return path[0] != "restart" or service.state not in STARTED_BY_OTHERS


def _list_lag_defaults(registry: Registry, service: Service, places: Places) -> Iterator[Value]:
    thresholds = registry.fleet.thresholds
    written = "thresholds" in registry.fleet.model_fields_set and "max_lag" in thresholds.model_fields_set
    where = f"{places.of(FLEET.at('thresholds', 'max_lag'))} ({DEFAULT})" if written else BUILT_IN
    for stream, consumes in service.streams.consumes.items():
        if consumes.max_lag is None:
            yield _make_value(("streams", "consumes", stream, "max_lag"), thresholds.max_lag, where)


def _list_built_in(node: BaseModel) -> Iterator[Value]:
    for path, value in _flatten(node.model_dump(mode="json", by_alias=True)):
        if value not in (None, "", []):
            yield _make_value(path, value, BUILT_IN)


def _flatten(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, (*path, key))
        else:
            yield (*path, key), value


def _make_value(path: tuple[str, ...], value: JsonValue, origin: str) -> Value:
    return Value(key=".".join(path), value=_mask_value(path[-1], value), origin=origin)


def _mask_value(key: str, value: JsonValue) -> JsonValue:
    """Hides what looks like a secret: a registry should hold none, and lint finds those that do."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [*mask_arguments(("", *map(str, value)))[1:]]
    if not isinstance(value, str):
        return value
    return HIDDEN if is_secret_name(key) and not is_harmless(value) else mask_lines(value)
