"""Merging of compose files, and of services that extend others, as in Compose's override package."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from qtctl.dialects.compose.interpolation import Wrong
from qtctl.dialects.compose.scalars import write_plain
from qtctl.dialects.compose.short_forms import read_volume
from qtctl.dialects.compose.values import Branch, Path, Table, Text, find_place, make_branches, make_rules
from qtctl.errors import InputError, Place

Value = Any
NOWHERE: Final = Place("")
_STARTED: Final = {"condition": "service_started", "required": True}


def merge(base: Table, over: Table, path: Path = ()) -> Table:
    """`base` merged with `over`. InputError if one has a list and the other a mapping."""
    return _merge_mappings(base, over, path)


def _merge(base: Value, over: Value, path: Path, place: Place) -> Value:
    special = _SPECIAL(path)
    if special is not None:
        return special(base, over, path)
    if over is None:
        return base
    if isinstance(base, Table) and isinstance(over, Table):
        return _merge_mappings(base, over, path)
    if isinstance(base, list) and isinstance(over, list):
        return [*base, *over]
    if isinstance(base, Table | list):
        kind = "list" if isinstance(base, list) else "mapping"
        raise InputError(f"{'.'.join(path)} is a {kind} in one file and something else in another", place=place)
    return over


def _merge_mappings(base: Table, over: Table, path: Path) -> Table:
    for key, value in over.items():
        place = over.line_of(key)
        if key in base:
            base[key] = _merge(base[key], value, (*path, key), place)
            base.lines[key] = place if value is not None else base.line_of(key)
        else:
            base.take(key, value, place)
    return base


def _replace(_: Value, over: Value, __: Path) -> Value:
    return over


def _merge_sequences(base: Value, over: Value, _: Path) -> list[Value]:
    return [*_make_sequence(base), *_make_sequence(over)]


def _merge_hosts(base: Value, over: Value, _: Path) -> list[Value]:
    right = _make_sequence(base)
    return [*right, *(each for each in _make_sequence(over) if each not in right)]


def _make_sequence(value: Value) -> list[Value]:
    if isinstance(value, Table):
        return sorted(_list_entries(value))
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []


def _list_entries(table: Table) -> list[Text]:
    found = []
    for key, value in table.items():
        place = table.line_of(key)
        if value is None:
            found.append(Text(key, place))
            continue
        for each in value if isinstance(value, list) else [value]:
            text = each if isinstance(each, str) else write_plain(each)
            found.append(Text(f"{key}={text}", place, *_find_origin(each, f"{key}=")))
    return found


def _find_origin(value: Value, before: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if isinstance(value, Text):
        return before + value.raw, value.variables, value.unset
    return "", (), ()


def _make_named_merge(default: dict[str, Value] | None) -> Callable[[Value, Value, Path], Value]:
    def join(base: Value, over: Value, path: Path) -> Value:
        return _merge_mappings(_make_mapping(base, default), _make_mapping(over, default), path)

    return join


def _make_mapping(value: Value, default: dict[str, Value] | None) -> Table:
    if isinstance(value, Table):
        return value
    made = Table()
    for each in value if isinstance(value, list) else ():
        place = find_place(each, made.place)
        made.take(str(each), None if default is None else Table(default.items(), place), place)
    return made


def _merge_builds(base: Value, over: Value, path: Path) -> Value:
    return _merge_mappings(_build(base), _build(over), path)


def _build(value: Value) -> Table:
    return value if isinstance(value, Table) else Table([("context", value)] if isinstance(value, str) else ())


def _merge_logging(base: Value, over: Value, path: Path) -> Value:
    if not (isinstance(base, Table) and isinstance(over, Table)):
        return over if isinstance(over, Table) else base
    same = base.get("driver") == over.get("driver")
    return _merge_mappings(base, over, path) if same or "driver" not in base or "driver" not in over else over


def _merge_pools(base: Value, over: Value, path: Path) -> Value:
    """Address pools of a network; entries of the same subnet are merged."""
    if not (isinstance(base, list) and isinstance(over, list)):
        return over
    found: list[Table] = []
    for original in base:
        right = _make_mapping(original, None)
        for each in over:
            left = _make_mapping(each, None)
            known = [pool.get("subnet") for pool in found]
            if left.get("subnet") != right.get("subnet") and left.get("subnet") not in known:
                found.append(left)
                continue
            joined = _merge_mappings(right, left, path)
            if joined.get("subnet") in known:
                found[known.index(joined.get("subnet"))] = joined
            else:
                found.append(joined)
    return found


_SPECIAL: Final = make_rules(
    {
        "networks.*.ipam.config": _merge_pools,
        "services.*.build": _merge_builds,
        "services.*.depends_on": _make_named_merge(_STARTED),
        "services.*.logging": _merge_logging,
        "services.*.models": _make_named_merge(None),
        "services.*.networks": _make_named_merge(None),
        **dict.fromkeys(("services.*.build.extra_hosts", "services.*.extra_hosts"), _merge_hosts),
        **dict.fromkeys(
            ("services.*.command", "services.*.entrypoint", "services.*.healthcheck.test", "services.*.ulimits.*"),
            _replace),
        **dict.fromkeys(("networks.*.labels", "volumes.*.labels"), _merge_sequences),
        **{
            f"services.*.{key}": _merge_sequences
            for key in (
                "annotations", "build.args", "build.additional_contexts", "build.labels", "deploy.labels", "dns",
                "dns_opt", "dns_search", "env_file", "label_file", "environment", "labels", "sysctls", "tmpfs",
            )
        },
    }
)  # fmt: skip


def drop_repeated(value: Value, path: Path = (), place: Place = NOWHERE) -> Value:
    """Lists without entries that a later one of the same name replaces. InputError for entries without a name."""
    branch = _UNIQUE(path)
    if branch is None:
        return value
    if isinstance(value, Table):
        for key, each in value.items():
            value[key] = drop_repeated(each, (*path, key), value.line_of(key))
        return value
    make_key = branch.rule
    if make_key is None or not isinstance(value, list):
        return value
    found: dict[str, Value] = {}
    for each in value:
        try:
            found[make_key(each)] = each
        except Wrong as error:
            raise InputError(f"{'.'.join(path)}: {error}", place=find_place(each, place)) from error
    return list(found.values())


def _cut_at_equals(value: Value) -> str:
    return str(value).partition("=")[0]


def _find_target(value: Value) -> str:
    return str(value.get("target", "")) if isinstance(value, Table) else read_volume(str(value)).get("target", "")


def _find_device(value: Value) -> str:
    if isinstance(value, Table):
        return str(value.get("target", ""))
    source, *rest = str(value).split(":")
    return rest[0] if rest else source


def _make_mount_key(folder: str) -> Callable[[Value], str]:
    def make_key(value: Value) -> str:
        if not isinstance(value, Table):
            return f"{folder}/{value}"
        return str(value["target"]) if "target" in value else f"{folder}/{value.get('source')}"

    return make_key


def _make_port_key(value: Value) -> str:
    if not isinstance(value, Table):
        return str(value)
    host, protocol = value.get("host_ip", "0.0.0.0"), value.get("protocol", "tcp")  # noqa: S104 - as Compose names it
    return f"{host}:{value.get('published')}:{value.get('target')}/{protocol}"


def _find_env_file(value: Value) -> str:
    return str(value.get("path", "")) if isinstance(value, Table) else str(value)


_MakeKey: TypeAlias = Callable[[Value], str]
_UNIQUE: Final[Callable[[Path], Branch[_MakeKey] | None]] = make_branches(
    {
        **dict.fromkeys(("networks.*.labels", "networks.*.ipam.options"), _cut_at_equals),
        **{
            f"services.*.{key}": _cut_at_equals
            for key in (
                "annotations", "build.args", "build.additional_contexts", "build.platform", "build.tags",
                "build.labels", "cap_add", "cap_drop", "deploy.labels", "dns", "dns_opt", "dns_search", "environment",
                "labels", "links", "networks.*.aliases", "networks.*.link_local_ips", "profiles", "sysctls", "tmpfs",
            )
        },
        "services.*.devices": _find_device,
        "services.*.configs": _make_mount_key(""),
        "services.*.secrets": _make_mount_key("/run/secrets"),
        "services.*.env_file": _find_env_file,
        "services.*.expose": str,
        "services.*.ports": _make_port_key,
        "services.*.volumes": _find_target,
    }
)  # fmt: skip
