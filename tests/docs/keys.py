"""The tables of keys in docs/registry.md, from the models and keys.toml."""

import json
import re
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qtctl.adapters.files import locate_shipped, read_text
from qtctl.flows.schemas import find_meaning, read_meanings
from qtctl.model import checks, code, instances, limits, policy, registry, relations, running, sandbox, service, units
from qtctl.model.fields import Node
from qtctl.model.vocabulary import read_said
from qtctl.resolve.services import PROFILES

KEYS = read_meanings(read_text(locate_shipped("keys.toml")))
BLOCK = re.compile(r"(<!-- keys: ([A-Za-z ]+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
PROFILE_BLOCK = re.compile(r"(<!-- profiles -->\n).*?(<!-- end of profiles -->)", re.DOTALL)
NOT_OF_A_FILE = {"Rare", "Node"}
MODULES = (checks, code, instances, limits, policy, registry, relations, running, sandbox, service, units)


def models() -> dict[str, type[BaseModel]]:
    """Every table of a registry file, by its model's name."""
    named = {name: kind for module in MODULES for name, kind in vars(module).items()}
    found = {name: kind for name, kind in named.items() if isinstance(kind, type) and issubclass(kind, Node)}
    return {name: kind for name, kind in found.items() if name not in NOT_OF_A_FILE}


def keys_of(kind: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _own(kind: type[BaseModel]) -> dict[str, FieldInfo]:
    """Its keys but those that it has from another model, whose table has them."""
    return {key: field for key, field in keys_of(kind).items() if key.rstrip("_") in _said_by(kind)}


def _said_by(kind: type[BaseModel]) -> set[str]:
    aliases = {name: field.alias or name for name, field in kind.model_fields.items()}
    return {aliases[name] for name in vars(kind)["__annotations__"] if name in aliases}


def with_tables(text: str) -> str:
    """The page with new text between its marks."""
    text = BLOCK.sub(lambda found: found[1] + _table(models()[found[2]]) + found[3], text)
    return PROFILE_BLOCK.sub(lambda found: found[1] + _profiles() + found[2], text)


def tabled(text: str) -> set[str]:
    """The models that the page has a table of."""
    return {found[2] for found in BLOCK.finditer(text)}


def _table(kind: type[BaseModel]) -> str:
    rows = [f"| `{key}` | {_meaning(kind, key, field)} | {_default(field)} |" for key, field in _own(kind).items()]
    return "\n".join(["", "| key | meaning | default |", "|---|---|---|", *rows, "", ""])


def _meaning(kind: type[BaseModel], key: str, field: FieldInfo) -> str:
    return find_meaning(KEYS, kind.__name__, key, read_said(field)[0])


def _profiles() -> str:
    rows = [
        f"| `{name}` | {', '.join(f'`{key}={value}`' for key, value in pairs) or 'nothing'} |"
        for name, pairs in sorted(PROFILES.items())
    ]
    return "\n".join(["", "| profile | sets |", "|---|---|", *rows, "", ""])


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required() or value is PydanticUndefined:
        return "needed"
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value.value if isinstance(value, Enum) else value)}`"
