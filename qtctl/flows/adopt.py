"""Adoption: found files → a registry that was loaded, resolved, rendered and compared before it is handed out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qtctl.adopt.adopt import Draft, draft
from qtctl.adopt.compare import differences
from qtctl.adopt.originals import Wish
from qtctl.adopt.registry import HostFacts
from qtctl.errors import InputError, InputErrors
from qtctl.flows.declared import declare
from qtctl.model.adoption import Adoption, Difference, Found, UnitState

Schemas = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Adopted:
    """`files` of the registry, by path below it, and the account of the adoption."""

    files: Mapping[str, bytes]
    adoption: Adoption


@dataclass(frozen=True, slots=True)
class Into:
    """What is made: a fleet of this name, with one host. `schemas` of registry files by kind, `templates` of units."""

    fleet: str
    host: HostFacts
    schemas: Schemas
    templates: Mapping[str, str]


def adopt_units(
    found: Iterable[Found],
    wish: Wish,
    into: Into,
    source: str,
    states: Mapping[str, UnitState] | None = None,
    unread: tuple[str, ...] = (),
) -> Adopted:
    """InputError where there is nothing to adopt."""
    drafted = draft(found, wish, into.fleet, into.host, states)
    if not drafted.units and not drafted.found.units:
        raise InputError(f"no unit in {source} can be adopted", hint="name a folder that has unit files in it")
    differing = prove(drafted, into)
    files, judgments = drafted.book.sealed()
    written = with_schemas(drafted.texts, into.schemas)
    adoption = Adoption(source, drafted.adopted, files, judgments, differing, tuple(sorted(written)), unread=unread)
    return Adopted(written, adoption)


def prove(drafted: Draft, into: Into) -> tuple[Difference, ...]:
    """Load, resolve and render what was drafted, and compare. An error there is a bug of the adoption."""
    texts = {path: text.encode() for path, text in drafted.texts.items()}
    try:
        desired = declare(texts, into.templates, into.host.name, None).desired
    except InputError as error:
        raise _bug(error) from error
    rendered = {file.path.rpartition("/")[2]: file.content.decode() for file in desired.files if file.kind == "unit"}
    found = []
    for made in drafted.units:
        if made.original.unit in rendered:
            found += differences(made, rendered[made.original.unit])
    return tuple(found)


def with_schemas(texts: Mapping[str, str], schemas: Schemas) -> dict[str, bytes]:
    """Each file with a line that tells editors its schema, and those schemas."""
    kinds = {path: _kind(path) for path in texts}
    found = {
        path: f"#:schema {'../' * path.count('/')}schemas/{kinds[path]}.json\n\n{text}".encode()
        for path, text in texts.items()
    }
    for kind in sorted({*kinds.values()}):
        found[f"schemas/{kind}.json"] = (json.dumps(schemas[kind], indent=2, ensure_ascii=False) + "\n").encode()
    return found


def _kind(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return {"services": "service", "legacy": "legacy"}.get(folder, name.removesuffix(".toml"))


def _bug(error: InputError) -> InputError:
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    hint = "a bug of qtctl: please report it with the units named; --unit adopts the others without them"
    return InputErrors(tuple(replace_hint(each, hint) for each in errors))


def replace_hint(error: InputError, hint: str) -> InputError:
    return InputError(f"what was adopted cannot be used: {error.what}", hint=hint, place=error.place)


__all__ = ["Adopted", "Into", "adopt_units", "prove", "with_schemas"]
