"""The short forms of a compose file and their long forms: ports, volumes, devices, lists of names."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from qtctl.dialects.compose.interpolation import Wrong
from qtctl.dialects.compose.scalars import write_plain
from qtctl.dialects.compose.values import ENTRY, Path, Table, Text, find_place, make_rules
from qtctl.dialects.endpoints import is_ip_address
from qtctl.dialects.paths import normalize
from qtctl.errors import InputError, InputErrors, Place

Value = Any
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)
_WINDOWS: Final = re.compile(r"[^\W\d_]")
MAX_PORT = 65535
_TOO_SHORT: Final = 2
"""Bytes of a volume that can only be a target."""
PROTOCOLS = frozenset({"tcp", "udp", "sctp"})
AS_IN = 'as in "8001:8001" or "127.0.0.1:8001:8001/tcp"'
_BIND_OPTIONS: Final = {
    **dict.fromkeys(("rprivate", "private", "rshared", "shared", "rslave", "slave"), "propagation"),
    "z": "selinux",
    "Z": "selinux",
}


def make_canonical(value: Value, place: Place, errors: list[InputError], path: Path = ()) -> Value:
    """Everything in its long form. Values without one are added to `errors`, with their line."""
    form = _FORMS(path)
    if form is not None:
        try:
            value = form(value, place)
        except Wrong as error:
            errors.append(InputError(f"{_format_path(path)}: {error}", place=place))
            return value
        except InputErrors as error:
            errors += (InputError(f"{_format_path(path)}: {each.what}", hint=each.hint, place=each.place)
                       for each in error.errors)  # fmt: skip
            return value
        if path[-1] in ("ports", "depends_on", "env_file"):
            return value
    if isinstance(value, Table):
        for key, each in value.items():
            value[key] = make_canonical(each, find_place(each, value.line_of(key)), errors, (*path, key))
    elif isinstance(value, list):
        return [make_canonical(each, find_place(each, place), errors, (*path, ENTRY)) for each in value]
    return value


def _format_path(path: Path) -> str:
    return ".".join(part for part in path if part != ENTRY)


def _make_list(value: Value, _: Place) -> Value:
    return [value] if isinstance(value, str) else value


def _make_table(value: Value, place: Place) -> Value:
    if not isinstance(value, list):
        return value
    made = Table((), place)
    for each in value:
        made.take(str(each), None, find_place(each, place))
    return made


def _read_key_values(value: Value, place: Place) -> Value:
    if not isinstance(value, list):
        return value
    made = Table((), place)
    for each in value:
        key, equals, rest = str(each).partition("=")
        if not equals:
            raise Wrong("has an entry that is not key=value")
        made.take(key, rest, find_place(each, place))
    return made


def _read_dependencies(value: Value, place: Place) -> Value:
    if isinstance(value, list):
        started = {"condition": "service_started", "required": True}
        made = Table((), place)
        for each in value:
            made.take(str(each), Table(started.items(), find_place(each, place)), find_place(each, place))
        return made
    for each in value.values():
        each.setdefault("condition", "service_started")
        each.setdefault("required", True)
    return value


def _read_env_files(value: Value, place: Place) -> Value:
    found = []
    for each in [value] if isinstance(value, str) else value:
        made = each if isinstance(each, Table) else Table([("path", each)], find_place(each, place))
        made.setdefault("required", True)
        found.append(made)
    return found


def _read_extends(value: Value, place: Place) -> Value:
    return Table([("service", value)], place) if isinstance(value, str) else value


def _read_gpus(value: Value, place: Place) -> Value:
    return [Table([("count", "all")], place)] if isinstance(value, str) else value


def _build(value: Value, place: Place) -> Value:
    return Table([("context", value)], place) if isinstance(value, str) else value


def _read_mount(value: Value, place: Place) -> Value:
    return Table([("source", value)], place) if isinstance(value, str) else value


def _read_text(value: Value, _: Place) -> Value:
    return value if isinstance(value, str) else write_plain(value)


def _read_device(value: Value, place: Place) -> Value:
    if isinstance(value, Table):
        return value
    source, *rest = str(value).split(":")
    if rest[2:]:
        raise Wrong(f"{value} is not a device: write its long form")
    target, permissions = (rest[0] if rest else source) or source, rest[1] if rest[1:] else "rwm"
    return Table([("source", source), ("target", target), ("permissions", permissions)], place)


def _read_ssh(value: Value, place: Place) -> Value:
    if isinstance(value, Table):
        return value
    made = Table((), place)
    for each in value:
        key, equals, path = str(each).partition("=")
        if not equals and key != "default":
            raise Wrong(f"{each} is not an ssh key")
        made.take(key, path if equals else None, find_place(each, place))
    return made


def _read_external(value: Value, _: Place) -> Value:
    """The old `external: {name: x}` as `external: true` and `name: x`."""
    external = value.get("external") if isinstance(value, Table) else None
    if isinstance(external, Table):
        named = external.get("name")
        if named is not None and value.setdefault("name", named) != named:
            raise Wrong("name and external.name are different")
        value["external"] = True
    return value


def read_ports(value: Value, place: Place) -> Value:
    """All ports of a list in the long form, with lines."""
    found: list[Table] = []
    errors: list[InputError] = []
    for each in value:
        if isinstance(each, Table):
            if each.get("target") in (None, "", 0, "0"):
                errors.append(InputError("a port without a target", hint=AS_IN, place=each.place))
            found.append(each)
            continue
        at = find_place(each, place)
        try:
            found += read_port(each if isinstance(each, str) else Text(write_plain(each), at), at)
        except Wrong as error:
            errors.append(InputError(str(error), hint=AS_IN, place=at))
    if errors:
        raise InputErrors(tuple(errors))
    return found


def read_port(text: str, place: Place) -> Iterator[Table]:
    """The ports of one short form; `raw` of each holds its text. Wrong if Docker would refuse it."""
    raw = text if isinstance(text, Text) else Text(text, place)
    address, published, target, protocol = _split_port(raw)
    inside, outside = _read_range(raw, target), _read_range(raw, published) if published else None
    if inside[0] == 0:
        raise Wrong(f"{raw.raw}: not a port from 1 to {MAX_PORT}")
    if outside is not None and len(outside) != len(inside) and len(inside) != 1:
        raise Wrong(f"{raw.raw}: ranges of different lengths")
    fields = [(f"{number}/{protocol}", step, number) for step, number in enumerate(inside)]
    for _, step, number in sorted(fields):
        made = Table([("mode", "ingress")], place)
        if address:
            made["host_ip"] = address
        made["target"] = number
        if outside is not None:
            one_of = len(inside) == 1 and len(outside) > 1
            made["published"] = f"{outside[0]}-{outside[-1]}" if one_of else str(outside[step])
        made["protocol"] = protocol
        made.short = raw
        yield made


def _split_port(raw: Text) -> tuple[str, str, str, str]:
    *before, inside = raw.split(":")
    published = before.pop() if before else ""
    address = _read_address(raw, ":".join(before))
    target, _, protocol = inside.partition("/")
    protocol = (protocol or "tcp").lower()
    if protocol not in PROTOCOLS:
        raise Wrong(f"{raw.raw}: {protocol} is not a protocol")
    return address, published, target, protocol


def _read_address(raw: Text, text: str) -> str:
    if not text:
        return ""
    bare = text[1:-1] if text[0] == "[" and text[-1] == "]" else text
    if not is_ip_address(bare) or "%" in bare:
        raise Wrong(f"{raw.raw}: {text} is not an IP address")
    return bare


def _read_range(raw: Text, text: str) -> range:
    match = _PORTS.fullmatch(text)
    if match is None:
        raise Wrong(f"{raw.raw}: not a port")
    first = int(match[1])
    last = int(match[2] or match[1])
    if not first <= last <= MAX_PORT:
        raise Wrong(f"{raw.raw}: not a port from 0 to {MAX_PORT}")
    return range(first, last + 1)


def _read_volume(value: Value, place: Place) -> Value:
    if isinstance(value, Table):
        if not value.get("target"):
            raise Wrong("a volume without a target")
        return value
    made = read_volume(str(value))
    if not made.get("target"):
        raise Wrong(f"{value} is not a volume")
    made["target"] = _clean(made["target"])
    return Table([*made.items()], place)


def read_volume(text: str) -> dict[str, Value]:
    """The long form of a volume. Wrong for an empty part, or more than three parts."""
    if not text:
        raise Wrong("an empty volume")
    if len(text.encode()) <= _TOO_SHORT:
        return {"type": "volume", "target": text}
    source, target, options = _split_volume(text)
    made: dict[str, Value] = {"type": "bind" if _is_path(source) else "volume"}
    if source:
        made["source"] = source
    made["target"] = target
    words = options.split(",")
    access = [word for word in words if word in ("ro", "rw")]
    if access:
        made["read_only"] = access[-1] == "ro"
    bind = {_BIND_OPTIONS[word]: word for word in words if word in _BIND_OPTIONS}
    if made["type"] == "bind":
        made["bind"] = Table([*bind.items(), ("create_host_path", True)])
    elif bind:
        made["bind"] = Table(bind.items())
    if made["type"] == "volume" or "nocopy" in words:
        made["volume"] = Table([("nocopy", True)] if "nocopy" in words else ())
    return made


def _split_volume(text: str) -> tuple[str, str, str]:
    parts: list[str] = []
    start = depth = 0
    for at, char in enumerate(text):
        depth += (char == "$" and text[at + 1 : at + 2] == "{") - (char == "}" and depth > 0)
        drive = char == ":" and at - start == 1 and _WINDOWS.match(text[start])
        if char == ":" and depth == 0 and not drive:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    if not all(parts):
        raise Wrong(f"{text}: an empty part between colons")
    if parts[3:]:
        raise Wrong(f"{text}: too many colons")
    if len(parts) == 1:
        return "", parts[0], ""
    source, target, *options = parts
    return source, target, options[0] if options else ""


def _is_path(source: str) -> bool:
    drive = source[1:2] == ":" and _WINDOWS.match(source) is not None
    return (source[:1] in (".", "/", "~") and bool(source)) or source.startswith("\\\\") or drive


def _clean(path: str) -> str:
    return normalize(path) if path.startswith("/") else make_relative(path)


def make_relative(path: str) -> str:
    found: list[str] = []
    for part in path.split("/"):
        if part == ".." and found and found[-1] != "..":
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return "/".join(found) or "."


_FORMS: Final[Callable[[Path], Callable[[Value, Place], Value] | None]] = make_rules(
    {
        "services.*.build": _build,
        "services.*.build.secrets.*": _read_mount,
        "services.*.build.provenance": _read_text,
        "services.*.build.sbom": _read_text,
        "services.*.build.additional_contexts": _read_key_values,
        "services.*.build.ssh": _read_ssh,
        "services.*.depends_on": _read_dependencies,
        "services.*.env_file": _read_env_files,
        "services.*.label_file": _make_list,
        "services.*.extends": _read_extends,
        "services.*.gpus": _read_gpus,
        "services.*.networks": _make_table,
        "services.*.models": _make_table,
        "services.*.volumes.*": _read_volume,
        "services.*.dns": _make_list,
        "services.*.devices.*": _read_device,
        "services.*.secrets.*": _read_mount,
        "services.*.configs.*": _read_mount,
        "services.*.ports": read_ports,
        "services.*.develop.watch.*.ignore": _make_list,
        "services.*.develop.watch.*.include": _make_list,
        **{f"{kind}.*": _read_external for kind in ("volumes", "networks", "secrets", "configs")},
    }
)
