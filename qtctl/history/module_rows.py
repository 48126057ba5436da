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
    """The rows of a module registry. InputError if it is not one, or lists a module twice."""
    modules = document.get("modules") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(modules, list):
        hint = "a JSON document with a list of modules, as qtctl report registry --format json writes it"
        raise InputError("not a module registry", hint=hint, place=Place(file))
    if len(modules) > MOST_MODULES:
        raise InputError(f"{len(modules)} modules, and at most {MOST_MODULES} are read", place=Place(file))
    services: dict[str, Row] = {}
    for number, each in enumerate(modules):
        name = _name_of(each)
        if not name:
            raise InputError(f"modules.{number} has no name", hint="give it name or unit", place=Place(file))
        if name in services:
            raise InputError(f"modules.{number}: {name} occurs twice", hint="keep one of them", place=Place(file))
        services[name] = _make_service_row(each)
    if "schema_version" in document:
        return _read_whole(document, services)
    rows = {
        RowKind.SERVICE: services,
        RowKind.PORT: _make_module_ports(modules),
        RowKind.STREAM: _make_module_streams(modules),
        RowKind.VENV: _make_module_venvs(modules),
    }
    said = {kind: each for kind, each in rows.items() if each}
    return Inventory(said, frozenset(said), sparse=True)


def _read_whole(document: Table, services: Mapping[str, Row]) -> Inventory:
    """A document that qtctl wrote has sections of its own for everything that modules only mention."""
    rows: dict[RowKind, dict[str, Row]] = {
        RowKind.SERVICE: dict(services),
        RowKind.UNIT: _make_unit_rows(document),
        RowKind.PORT: _make_port_rows(document),
        RowKind.STREAM: {_get_text(each, "name"): _make_stream_row(each) for each in _get_tables(document, "streams")},
        RowKind.KEY: {_get_text(each, "name"): _make_key_row(each) for each in _get_tables(document, "keys")},
        RowKind.VENV: {_get_text(each, "name"): _make_venv_row(each) for each in _get_tables(document, "venvs")},
        RowKind.VERSION: _make_version_rows(document),
    }
    partial = frozenset({RowKind.PORT} if document.get("stray_ports") is None else ())
    return Inventory(rows, frozenset(rows), partial)


def _name_of(module: object) -> str:
    table = module if isinstance(module, dict) else _EMPTY
    return _get_text(table, "name") or _get_text(table, "unit").removesuffix(".service")


def _make_service_row(module: Table) -> Row:
    systemd, execution = _get_table(module, "systemd"), _get_table(module, "execution")
    runtime, code = _get_table(module, "runtime"), _get_table(module, "code")
    program = _get_text(execution, "exec_path") or next(iter(_get_text(execution, "exec").split()), "")
    row: dict[str, Scalar] = {
        "state": _get_text(module, "category").lower() or _UNKNOWN,
        "declared": _get_text(module, "declared"),
        "file": _get_text(systemd, "unit_file_state"),
        "user": _keep_known(_get_text(execution, "user")),
        "program": _keep_known(program),
        "module": _get_text(code, "module"),
        "entry_point": _get_text(code, "entrypoint"),
        "code": _get_text(code, "path"),
        "venv": _get_text(runtime, "venv"),
        "runs_in": "systemd",
    }
    if not row["file"] and isinstance(systemd.get("enabled"), bool):
        row["file"] = "enabled" if systemd["enabled"] else "disabled"
    return _drop_empty(row)


def _make_module_ports(modules: Iterable[Table]) -> dict[str, Row]:
    found: dict[str, set[str]] = {}
    for each in modules:
        port = _get_table(each, "runtime").get("port")
        number = int(port) if isinstance(port, str) and port.isascii() and port.isdigit() and len(port) < 6 else port  # noqa: PLR2004
        if isinstance(number, int) and not isinstance(number, bool):
            found.setdefault(f"{number}/tcp", set()).add(_name_of(each))
    return {name: {"service": ", ".join(sorted(owners))} for name, owners in found.items()}


def _make_module_streams(modules: Iterable[Table]) -> dict[str, Row]:
    listed = (_get_table(each, "runtime").get("redis_streams") for each in modules)
    names = {name for each in listed if isinstance(each, list) for name in each if isinstance(name, str) and name}
    return {name[:LONGEST_TEXT]: {} for name in names}


def _make_module_venvs(modules: Iterable[Table]) -> dict[str, Row]:
    users: dict[str, list[str]] = {}
    for each in modules:
        if venv := _get_text(_get_table(each, "runtime"), "venv"):
            users.setdefault(venv, []).append(_name_of(each))
    return {name: {"used_by": ", ".join(sorted(those))} for name, those in users.items()}


def _make_unit_rows(document: Table) -> dict[str, Row]:
    found: dict[str, Row] = {}
    externals = _get_tables(_get_table(document, "infrastructure"), "externals")
    for section, word in (("targets", "target"), ("timers", "timer"), ("units", "")):
        found |= {_get_text(each, "unit"): _make_unit_row(each, word) for each in _get_tables(document, section)}
    return found | {_get_text(each, "unit"): _make_unit_row(each, "external") for each in externals}


def _make_unit_row(each: Table, word: str) -> Row:
    schedule = each.get("schedule")
    return _drop_empty({
        "kind": word or _get_text(each, "kind"),
        "declared": _get_text(each, "declared"),
        "state": _get_text(each, "category").lower(),
        "starts": _get_text(each, "starts"),
        "schedule": _join(schedule),
    })  # fmt: skip


def _make_port_rows(document: Table) -> dict[str, Row]:
    """A port is one row, whoever has it: two owners are listed together."""
    found: dict[str, dict[str, set[str]]] = {}
    for each in _get_tables(document, "ports"):
        _add_port(found, each, found_as=_get_text(each, "found"), declared="yes")
    for each in _get_tables(document, "stray_ports"):
        _add_port(found, each, found_as="listening", declared="no")
    return {name: {key: ", ".join(sorted(those)) for key, those in row.items()} for name, row in found.items()}


def _add_port(rows: dict[str, dict[str, set[str]]], each: Table, *, found_as: str, declared: str) -> None:
    row = rows.setdefault(f"{each.get('port')}/{_get_text(each, 'protocol')}", {})
    said = {
        "service": _get_text(each, "unit").removesuffix(".service"),
        "address": _get_text(each, "address"),
        "found": found_as,
        "declared": declared,
    }
    for key, value in said.items():
        row.setdefault(key, set()).add(value)


def _make_stream_row(each: Table) -> Row:
    groups = sorted(_get_text(group, "group") for group in _get_tables(each, "groups"))
    row = {
        "store": _get_text(each, "store"),
        "state": _get_text(each, "state"),
        "publishers": _join(each.get("publishers")),
    }
    return _drop_empty({**row, "groups": ", ".join(groups)})


def _make_key_row(each: Table) -> Row:
    return _drop_empty({
        "store": _get_text(each, "store"),
        "state": _get_text(each, "state"),
        "type": _get_text(each, "type") or _get_text(each, "declared_type"),
        "writers": _join(each.get("writers")),
    })  # fmt: skip


def _make_venv_row(each: Table) -> Row:
    names = ("path", "status", "interpreter", "resolved")
    return _drop_empty({**{name: _get_text(each, name) for name in names}, "used_by": _join(each.get("used_by"))})


def _make_version_rows(document: Table) -> dict[str, Row]:
    infrastructure = _get_table(document, "infrastructure")
    host = _get_table(_get_table(infrastructure, "host"), "value")
    said = {name: _get_text(host, name) for name in ("os", "kernel", "systemd")}
    said |= {
        f"store {_get_text(each, 'name')}": _get_text(each, "version") for each in _get_tables(infrastructure, "stores")
    }
    return {name: {"version": version} for name, version in said.items() if version}


def _keep_known(text: str) -> str:
    return "" if text == _UNKNOWN else text


def _drop_empty(row: Mapping[str, Scalar]) -> Row:
    """Without what is empty."""
    return {key: value for key, value in row.items() if value not in _NOT_THERE}


def _join(value: object) -> str:
    return (
        ", ".join(each for each in value if isinstance(each, str))[:LONGEST_TEXT]
        if isinstance(value, list | tuple)
        else ""
    )


def _get_text(table: Table, key: str) -> str:
    value = table.get(key)
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _get_table(table: Table, key: str) -> Table:
    value = table.get(key)
    return value if isinstance(value, dict) else _EMPTY


def _get_tables(table: Table, key: str) -> list[Table]:
    value = table.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
