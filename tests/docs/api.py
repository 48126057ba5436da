"""The reference of the Python API in docs/api.md, from signatures and docstrings."""

import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from typing import Any

from tests.api.surface import MODULES, describe_class, describe_function, load

BLOCK = re.compile(r"(<!-- api -->\n).*?(<!-- end of api -->)", re.DOTALL)
WIDTH = 110


def with_reference(text: str) -> str:
    """The page with a new reference between its marks."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{write_reference()}\n{found[2]}", text)


def write_reference() -> str:
    parts = [part for module in MODULES for part in _write_module(module)]
    return "\n\n".join([*parts, _write_values(), _write_errors(), _write_handles()]) + "\n"


def _write_module(module: str) -> Iterator[str]:
    yield f"### qtctl.api.{module}"
    yield _first_paragraph(load(module))
    for name in load(module).__all__:
        each = getattr(load(module), name)
        if not inspect.isclass(each):
            yield f"```python\n{_write_signature(f'{module}.{name}', each)}\n```"
            yield _write_docstring(each)


def _write_docstring(function: Callable[..., Any]) -> str:
    """Without the sentences about parameters that are not frozen."""
    frozen = {row["name"] for row in describe_function(function)["parameters"]}
    hidden = "|".join({*inspect.signature(function).parameters} - frozen) or "-"
    text = re.sub(rf"`({hidden})`:.*?\.(\s|$)", "", inspect.getdoc(function) or "", flags=re.DOTALL)
    return "\n\n".join(_fill(paragraph) for paragraph in text.strip().split("\n\n"))


def _fill(paragraph: str) -> str:
    return textwrap.fill(" ".join(paragraph.split()), 120, break_long_words=False, break_on_hyphens=False)


def _write_signature(name: str, function: Callable[..., Any]) -> str:
    """In one line if that is short enough. Only what is frozen."""
    entry, found = describe_function(function), inspect.signature(function)
    parts: list[str] = []
    for row in entry["parameters"]:
        if row["by_name"] and "*" not in parts:
            parts.append("*")
        default = "" if row["needed"] else f" = {_write_default(found.parameters[row['name']].default)}"
        parts.append(f"{row['name']}: {row['type']}{default}")
    line = f"{name}({', '.join(parts)}) -> {entry['returns']}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n    " + ",\n    ".join(parts) + f",\n) -> {entry['returns']}"


def _write_default(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    return repr(value) if isinstance(value, int | float | tuple) or value is None else "..."


def _write_values() -> str:
    rows = [*map(_write_value, _list_classes())]
    intro = "What functions take and return. Fields that are not listed here are internal."
    head = "| name | what | fields, or members with their values |\n|---|---|---|"
    return f"### qtctl.api.values\n\n{intro}\n\n{head}\n" + "\n".join(rows)


def _list_classes() -> Iterator[type]:
    loaded: type = load("registry").LoadedRegistry
    yield loaded
    yield from (getattr(load("values"), name) for name in load("values").__all__)


def _write_value(kind: type) -> str:
    entry = describe_class(kind)
    if issubclass(kind, Enum):
        shown = [f"`{name}` = {value}" for name, value in entry["members"].items()]
    else:
        shown = [f"`{row['name']}: {row['type']}`" for row in entry["fields"]]
    shown += [f"`{name}: {type_}`" for name, type_ in entry["properties"].items()]
    shown += [f"`{_write_signature(name, getattr(kind, name))}`" for name in entry["methods"]]
    about = _first_paragraph(kind) if kind.__doc__ != StrEnum.__doc__ else ""
    return f"| `{kind.__name__}` | {about} | {', '.join(shown)} |".replace(" | None", " \\| None")


def _write_errors() -> str:
    rows = [f"| `{each.__name__}` | {each.__mro__[1].__name__} | {_first_paragraph(each)} |" for each in _list_errors()]
    intro = f"{_first_paragraph(load('errors'))} A `Place` has `file: str` and `line: int | None`, from 1."
    return "\n".join(["### qtctl.api.errors", "", intro, "", "| name | is a | when |", "|---|---|---|", *rows])


def _list_errors() -> list[type]:
    named = [getattr(load("errors"), name) for name in load("errors").__all__]
    return [each for each in named if issubclass(each, Exception)]


def _write_handles() -> str:
    names = ", ".join(f"`{name}`" for name in load("handles").__all__)
    return f"### qtctl.api.handles\n\n{_first_paragraph(load('handles'))} They are {names}."


def _first_paragraph(documented: object) -> str:
    return " ".join((documented.__doc__ or "").partition("\n\n")[0].split())
