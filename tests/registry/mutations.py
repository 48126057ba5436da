"""One mistake each in a right registry: a mistyped key, a value of the wrong kind, a name that leads nowhere."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from qtctl.adapters.files import read_registry
from qtctl.model import registry as model
from qtctl.model.policy import Policy
from qtctl.model.service import Service
from qtctl.registry.load import TABLES
from tests.builders.registry import SMALL

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Mutation:
    """`says`: what the one error at `line` must name; `near`: what it must suggest, "" for nothing."""

    what: str
    files: Mapping[str, bytes]
    file: str
    line: int
    says: str
    near: str = ""


LITERALS = {"text": '"?"', "int": "7", "float": "1.5", "bool": "true", "list": "[7.5]", "table": "{ q = 7 }",
            "date": "1979-05-27"}  # fmt: skip

REQUIRED = {
    "summary": '"x"', "state": '"running"', "kind": '"exec"', "path": '"/x"', "listen": '"127.0.0.1:7000"',
    "group": '"g"', "user": '"u"', "code": '"/srv"', "name": '"small"', "unit_patterns": '["small-*"]',
    "env_dir": '"/etc/small"', "address": '"192.0.2.9"', "audit_user": '"audit"', "deploy_user": '"ops"',
    "memory": '"4G"', "cpus": "2", "external": '"redis-server"', "type": '"stream"', "is": '"deprecated"',
    "why": '"x"', "compose": '"c.yml"', "service": '"feed"', "what": '"/dev/x"', "where": '"/mnt/x"',
    "unit": '"x.service"', "defaults": '{ user = "u", group = "u", code = "/srv" }', "services": "{}", "aliases": "{}",
    "says": '"%s"' % ("0" * 64), "files": "{}", "remedy": '"look"', "argv": '["/bin/true"]',
    "property": '"ActiveState"', "value": '"active"', "id": '"QT208"', "subject": '"x.service"', "reason": '"x"',
    "owner": '"x"', "expires": "2099-01-01", "passes": '["s:tick", "s:mode"]',
}  # fmt: skip
"""Values that keys without a default may have, by the name of the key."""

WHOLE: dict[str, type[BaseModel]] = {
    "fleet.toml": model.Fleet,
    "policy.toml": Policy,
    "services/x.toml": Service,
    "legacy/c.toml": model.Legacy,
}
ENTRY = {"folders.toml": "/x", "checks.toml": "QT901"}
"""How an entry is called where no plain name can be one."""


def slips(key: str) -> Iterator[str]:
    """Two letters that changed places, a letter dropped, a letter doubled, a dash for an underscore."""
    for at in range(len(key) - 1):
        if key[at] != key[at + 1]:
            yield key[:at] + key[at + 1] + key[at] + key[at + 2 :]
            break
    middle = len(key) // 2
    yield key[:middle] + key[middle + 1 :]
    yield key[: middle + 1] + key[middle:]
    if "_" in key:
        yield key.replace("_", "-")


def of_models(every: int = 1) -> Iterator[Mutation]:
    """Each `every`th mistake that can be made in a key of any table, in a small registry."""
    return (made() for number, made in enumerate(_of_models()) if number % every == 0)


def _of_models() -> Iterator[Callable[[], Mutation]]:
    for file, kind in (*WHOLE.items(), *((name, kind) for name, (_, kind) in TABLES.items())):
        entry = "" if file in WHOLE else ENTRY.get(file, "x")
        for path, siblings, annotation in keys_of(kind):
            for literal in wrong(annotation):
                yield partial(_written, file, entry, (path, LITERALS[literal]), siblings)
            for name in slips(path[-1]):
                if len(path[-1]) > 2 and name not in siblings:
                    yield partial(_written, file, entry, ((*path[:-1], name), "7"), siblings, path[-1])


def keys_of(
    kind: type[BaseModel], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, bool], object]]:
    """Path, the keys of the same table and whether each is required, and the type."""
    siblings = {field.alias or name: field.is_required() for name, field in kind.model_fields.items()}
    for name, field in kind.model_fields.items():
        path = (*prefix, field.alias or name)
        yield path, siblings, field.annotation
        for inner in members(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from keys_of(inner, path)
            if get_origin(inner) in (dict, Mapping):
                for below in members(get_args(inner)[1]):
                    if isinstance(below, type) and issubclass(below, BaseModel):
                        yield from keys_of(below, (*path, "y"))


def members(annotation: object) -> list[object]:
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [each for option in get_args(annotation) for each in members(option)]
    return [] if annotation is NoneType else [annotation]


def wrong(annotation: object) -> list[str]:
    """The kinds of TOML's values that a key does not take."""
    return [kind for kind in LITERALS if kind not in {_kind(each) for each in members(annotation)}]


def _kind(annotation: object) -> str:
    if get_origin(annotation) is Literal or annotation is str:
        return "text"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "text"
    if annotation in (int, bool):
        return "int" if annotation is int else "bool"
    return "list" if get_origin(annotation) is tuple else "table"


def _written(
    file: str, entry: str, statement: tuple[tuple[str, ...], str], siblings: dict[str, bool], near: str = ""
) -> Mutation:
    """The entry with this one key, what its tables need, and nothing else; one statement a line."""
    base = _base(file, entry)
    path, value = statement
    needed = {
        (*path[:-1], key): REQUIRED[key]
        for key, required in siblings.items()
        if required and key not in (path[-1], near)
    }
    lines = {**_outer(file, path), **needed, path: value}
    above = {part[:end] for part in lines for end in range(1, len(part))}
    statements = [f"{_key(part)} = {said}" for part, said in lines.items() if part not in above]
    text = base + "".join(f"{each}\n" for each in statements)
    line = base.count("\n") + statements.index(f"{_key(path)} = {value}") + 1
    files = {**{name: content.encode() for name, content in SMALL.items()}, file: text.encode()}
    says = _key((entry, *path) if entry else path)
    suggested = _key((*((entry,) if entry else ()), *path[:-1], near)) if near else ""
    return Mutation(f"{file}: {_key(path)} = {value}", files, file, line, says, suggested)


def _base(file: str, entry: str) -> str:
    return (SMALL.get(file, "") if entry else "") + (f'["{entry}"]\n' if entry else "")


def _outer(file: str, path: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """What every table on the way to the key needs."""
    kind = WHOLE.get(file) or TABLES[file][1]
    found: dict[tuple[str, ...], str] = {}
    for at in range(len(path)):
        part = path[:at]
        found |= {(*part, key): REQUIRED[key] for key, wanted in _table_at(kind, part).items() if wanted}
    return {part: said for part, said in found.items() if part != path and path[:-1] != part[:-1]}


@cache
def _table_at(kind: type[BaseModel], path: tuple[str, ...]) -> dict[str, bool]:
    return next((siblings for found, siblings, _ in keys_of(kind) if found[:-1] == path), {})


def _key(path: tuple[str, ...]) -> str:
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in path)


_STATEMENT = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)( = )(.+)")
_HEADER = re.compile(r"\[([a-z_]+)(\..+)?\]")


def of_shipped(every: int = 1) -> Iterator[Mutation]:
    """Keys and values of the shipped registry where they stand: each `every`th statement of its files."""
    files = read_registry(ROOT / "registry")
    for number, (file, line, text, table) in enumerate(_statements(files)):
        if number % every:
            continue
        header = _HEADER.fullmatch(text)
        if header:
            yield from _with_header(files, file, line, header)
            continue
        found = _STATEMENT.fullmatch(text)
        assert found
        for literal in ("1979-05-27", "1.5"):
            changed = _replaced(files, file, line, f"{found[1]} = {literal}")
            yield Mutation(f"{file}:{line}: {found[1]} = {literal}", changed, file, line, found[1])
        if len(found[1]) > 2 and not _free(file, table):
            slip = next(slips(found[1]))
            changed = _replaced(files, file, line, f"{slip} = {found[3]}")
            yield Mutation(f"{file}:{line}: {slip}", changed, file, line, slip, found[1])


def _free(file: str, table: str) -> bool:
    """Tables whose keys may have any name."""
    return table.rpartition(".")[2] in ("env", "unit_env", "severities") or table == "ports" or file == "streams.toml"


def _with_header(files: Mapping[str, bytes], file: str, line: int, header: re.Match[str]) -> Iterator[Mutation]:
    if "/" not in file and file != "fleet.toml":
        return
    slip = next(slips(header[1]))
    changed = _replaced(files, file, line, f"[{slip}{header[2] or ''}]")
    yield Mutation(f"{file}:{line}: [{slip}]", changed, file, line, slip, header[1])


def _statements(files: Mapping[str, bytes]) -> Iterator[tuple[str, int, str, str]]:
    """File, line, text and table of every header, and every statement that is one line."""
    for file, content in sorted(files.items()):
        table, inside = "", False
        for line, text in enumerate(content.decode().split("\n"), 1):
            if _HEADER.fullmatch(text):
                table = text.strip("[]")
                yield file, line, text, table
            elif re.fullmatch(r"\[.+\]", text) and not inside:
                table = text.strip("[]")
            elif _STATEMENT.fullmatch(text) and _whole(text):
                yield file, line, text, table


def _whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _replaced(files: Mapping[str, bytes], file: str, line: int, text: str) -> dict[str, bytes]:
    lines = files[file].decode().split("\n")
    lines[line - 1] = text
    return {**files, file: "\n".join(lines).encode()}


_REFERENCES = re.compile(
    r"(hosts|venv|target|within|publishes|writes|reads|external|store|service|after|wants|requires|binds_to|replaced_by|"
    r"to|slice) = (\[.*\]|\".*\")"
)
_NAMED = re.compile(r'"([^"]+)"')


def of_references(every: int = 1) -> Iterator[Mutation]:
    """Each name in the shipped registry that leads somewhere, mistyped."""
    files = read_registry(ROOT / "registry")
    number = 0
    for file, line, text, _ in _statements(files):
        found = _REFERENCES.fullmatch(text)
        for named in _NAMED.finditer(text) if found else ():
            number += 1
            if number % every or len(named[1]) < 4 or named[1].endswith((".target", ".service")):
                continue
            slip = next(slips(named[1]))
            changed = _replaced(files, file, line, f"{text[: named.start(1)]}{slip}{text[named.end(1) :]}")
            yield Mutation(f"{file}:{line}: {slip}", changed, file, line, slip, named[1])


def models() -> set[type[BaseModel]]:
    """Of every table of a registry, also of those inside others."""
    found: set[type[BaseModel]] = set()
    todo: list[object] = [*WHOLE.values(), *(kind for _, kind in TABLES.values())]
    while todo:
        each = todo.pop()
        if isinstance(each, type) and issubclass(each, BaseModel):
            if each not in found:
                found.add(each)
                todo += [field.annotation for field in each.model_fields.values()]
        else:
            todo += get_args(each)
    return found
