"""Rows of a module registry, whether qtctl wrote it or a person did: a JSON document with `modules`."""

from collections.abc import Iterable, Mapping
from typing import Any

from qtctl.errors import InputError, Place
from qtctl.model.snapshot import Inventory, Row, RowKind, Scalar

Table = Mapping[str, Any]
_EMPTY: Table = {}
MOST_MODULES, LONGEST_TEXT = 20_000, 4096
_NOT_THERE = ("not-found", "not found", "")
_UNKNOWN = "unknown"


def read_modules(document: object, file: str) -> Inventory:
    """What a module registry says. InputError where it is none, or lists one module twice."""
    modules = document.get("modules") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(modules, list):
        hint = "a JSON document with a list of modules, as qtctl report registry --format json writes it"
        raise InputError("no module registry", hint=hint, place=Place(file))
    if len(modules) > MOST_MODULES:
        raise InputError(f"{len(modules)} modules, and {MOST_MODULES} are read", place=Place(file))
    services: dict[str, Row] = {}
    for number, each in enumerate(modules):
        name = _name_of(each)
        if not name:
            raise InputError(f"modules.{number} has no name", hint="give it name or unit", place=Place(file))
        if name in services:
            raise InputError(f"modules.{number}: {name} is there twice", hint="keep one of them", place=Place(file))
        services[name] = _service(each)
    if "schema_version" in document:
        return _whole(document, services)
    rows = {
        RowKind.SERVICE: services,
        RowKind.PORT: _ports_of_modules(modules),
        RowKind.STREAM: _streams_of_modules(modules),
        RowKind.VENV: _venvs_of_modules(modules),
    }
    said = {kind: each for kind, each in rows.items() if each}
    return Inventory(said, frozenset(said), sparse=True)


def _whole(document: Table, services: Mapping[str, Row]) -> Inventory:
    """A document that qtctl wrote has sections of its own for everything that modules only mention."""
    rows: dict[RowKind, dict[str, Row]] = {
        RowKind.SERVICE: dict(services),
        RowKind.UNIT: _units(document),
        RowKind.PORT: _ports(document),
        RowKind.STREAM: {_text(each, "name"): _stream(each) for each in _tables(document, "streams")},
        RowKind.KEY: {_text(each, "name"): _key(each) for each in _tables(document, "keys")},
        RowKind.VENV: {_text(each, "name"): _venv(each) for each in _tables(document, "venvs")},
        RowKind.VERSION: _versions(document),
    }
    partial = frozenset({RowKind.PORT} if document.get("stray_ports") is None else ())
    return Inventory(rows, frozenset(rows), partial)


def _name_of(module: object) -> str:
    table = module if isinstance(module, dict) else _EMPTY
    return _text(table, "name") or _text(table, "unit").removesuffix(".service")


def _service(module: Table) -> Row:
    systemd, execution = _table(module, "systemd"), _table(module, "execution")
    runtime, code = _table(module, "runtime"), _table(module, "code")
    program = _text(execution, "exec_path") or next(iter(_text(execution, "exec").split()), "")
    row: dict[str, Scalar] = {
        "state": _text(module, "category").lower() or _UNKNOWN,
        "declared": _text(module, "declared"),
        "file": _text(systemd, "unit_file_state"),
        "user": _known(_text(execution, "user")),
        "program": _known(program),
        "module": _text(code, "module"),
        "entry_point": _text(code, "entrypoint"),
        "code": _text(code, "path"),
        "venv": _text(runtime, "venv"),
        "runs_in": "systemd",
    }
    if not row["file"] and isinstance(systemd.get("enabled"), bool):
        row["file"] = "enabled" if systemd["enabled"] else "disabled"
    return _said(row)


def _ports_of_modules(modules: Iterable[Table]) -> dict[str, Row]:
    found: dict[str, set[str]] = {}
    for each in modules:
        port = _table(each, "runtime").get("port")
        number = int(port) if isinstance(port, str) and port.isascii() and port.isdigit() and len(port) < 6 else port  # noqa: PLR2004
        if isinstance(number, int) and not isinstance(number, bool):
            found.setdefault(f"{number}/tcp", set()).add(_name_of(each))
    return {name: {"service": ", ".join(sorted(owners))} for name, owners in found.items()}


def _streams_of_modules(modules: Iterable[Table]) -> dict[str, Row]:
    listed = (_table(each, "runtime").get("redis_streams") for each in modules)
    names = {name for each in listed if isinstance(each, list) for name in each if isinstance(name, str) and name}
    return {name[:LONGEST_TEXT]: {} for name in names}


def _venvs_of_modules(modules: Iterable[Table]) -> dict[str, Row]:
    users: dict[str, list[str]] = {}
    for each in modules:
        if venv := _text(_table(each, "runtime"), "venv"):
            users.setdefault(venv, []).append(_name_of(each))
    return {name: {"used_by": ", ".join(sorted(those))} for name, those in users.items()}


def _units(document: Table) -> dict[str, Row]:
    found: dict[str, Row] = {}
    externals = _tables(_table(document, "infrastructure"), "externals")
    for section, word in (("targets", "target"), ("timers", "timer"), ("units", "")):
        found |= {_text(each, "unit"): _unit(each, word) for each in _tables(document, section)}
    return found | {_text(each, "unit"): _unit(each, "external") for each in externals}


def _unit(each: Table, word: str) -> Row:
    schedule = each.get("schedule")
    return _said({
        "kind": word or _text(each, "kind"),
        "declared": _text(each, "declared"),
        "state": _text(each, "category").lower(),
        "starts": _text(each, "starts"),
        "schedule": _joined(schedule),
    })  # fmt: skip


def _ports(document: Table) -> dict[str, Row]:
    """A port is one row, whoever has it: two owners stand in it side by side."""
    found: dict[str, dict[str, set[str]]] = {}
    for each in _tables(document, "ports"):
        _add_port(found, each, found_as=_text(each, "found"), declared="yes")
    for each in _tables(document, "stray_ports"):
        _add_port(found, each, found_as="listening", declared="no")
    return {name: {key: ", ".join(sorted(those)) for key, those in row.items()} for name, row in found.items()}


def _add_port(rows: dict[str, dict[str, set[str]]], each: Table, *, found_as: str, declared: str) -> None:
    row = rows.setdefault(f"{each.get('port')}/{_text(each, 'protocol')}", {})
    said = {
        "service": _text(each, "unit").removesuffix(".service"),
        "address": _text(each, "address"),
        "found": found_as,
        "declared": declared,
    }
    for key, value in said.items():
        row.setdefault(key, set()).add(value)


def _stream(each: Table) -> Row:
    groups = sorted(_text(group, "group") for group in _tables(each, "groups"))
    row = {"store": _text(each, "store"), "state": _text(each, "state"), "publishers": _joined(each.get("publishers"))}
    return _said({**row, "groups": ", ".join(groups)})


def _key(each: Table) -> Row:
    return _said({
        "store": _text(each, "store"),
        "state": _text(each, "state"),
        "type": _text(each, "type") or _text(each, "declared_type"),
        "writers": _joined(each.get("writers")),
    })  # fmt: skip


def _venv(each: Table) -> Row:
    names = ("path", "status", "interpreter", "resolved")
    return _said({**{name: _text(each, name) for name in names}, "used_by": _joined(each.get("used_by"))})


def _versions(document: Table) -> dict[str, Row]:
    infrastructure = _table(document, "infrastructure")
    host = _table(_table(infrastructure, "host"), "value")
    said = {name: _text(host, name) for name in ("os", "kernel", "systemd")}
    said |= {f"store {_text(each, 'name')}": _text(each, "version") for each in _tables(infrastructure, "stores")}
    return {name: {"version": version} for name, version in said.items() if version}


def _known(text: str) -> str:
    return "" if text == _UNKNOWN else text


def _said(row: Mapping[str, Scalar]) -> Row:
    """Without what is empty."""
    return {key: value for key, value in row.items() if value not in _NOT_THERE}


def _joined(value: object) -> str:
    return (
        ", ".join(each for each in value if isinstance(each, str))[:LONGEST_TEXT]
        if isinstance(value, list | tuple)
        else ""
    )


def _text(table: Table, key: str) -> str:
    value = table.get(key)
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _table(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else _EMPTY


def _tables(table: Table, key: str) -> list[Table]:
    value = table.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
