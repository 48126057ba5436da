"""Whether a JSON Schema still holds what an earlier version of it promised. Pure: schemas in, breaks out.

A document that qtctl writes must remain readable by whoever reads it; a file that qtctl reads must remain valid.
Keys that a reader does not know may come to the first, and keys that need not be there to the second.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Use(StrEnum):
    WRITTEN = "written by qtctl"
    READ = "read by qtctl"


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """`where`: keys from the top, `*` for items and for keys that are names."""

    where: str
    what: str


Known = dict[tuple[str, str], tuple[Break, ...]]
"""What two schemas differ in, by their texts: each pair is compared once, also where it contains itself."""


@dataclass(frozen=True, slots=True)
class _Side:
    whole: Schema
    at: Any


def compare_schemas(old: Schema, new: Schema, use: Use) -> tuple[Break, ...]:
    """What is incompatible; nothing if `schema_version` has been raised."""
    if read_version(new) > read_version(old):
        return ()
    found = _compare(_Side(old, old), _Side(new, new), use, "", {})
    return tuple(sorted({each for each in found if each.where != "schema_version"}))


def read_version(schema: Schema) -> int:
    """The major version: what `schema_version` is, 0 if the document has none."""
    said = schema.get("properties", {}).get("schema_version", {})
    return int(said.get("const", said.get("default", 0)))


def _compare(old: _Side, new: _Side, use: Use, where: str, known: Known) -> Iterator[Break]:
    pair = (json.dumps(old.at, sort_keys=True), json.dumps(new.at, sort_keys=True))
    if pair not in known:
        known[pair] = ()
        known[pair] = tuple(_compare_all(old, new, use, "", known))
    for each in known[pair]:
        yield Break(_join(where, each.where), each.what)


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where and key and not key.startswith("[") else f"{where}{key}"


def _compare_all(old: _Side, new: _Side, use: Use, where: str, known: Known) -> Iterator[Break]:
    before, after = _list_alternatives(old), _list_alternatives(new)
    yield from _compare_types(before, after, use, where)
    for one in before:
        same = [each for each in after if _takes(one.at["type"], each.at["type"])]
        options = [list(_compare_one(one, each, use, where, known)) for each in same]
        lone = sum(each.at["type"] == one.at["type"] for each in before) == 1
        # Of several shapes, each must be left; to them others may come, as values come to a closed set.
        taken = options if use is Use.WRITTEN and lone else [min(options, key=len)] if options else []
        yield from (each for option in taken for each in option)
    yield from _compare_values(before, after, where)


def _compare_types(before: Sequence[_Side], after: Sequence[_Side], use: Use, where: str) -> Iterator[Break]:
    old, new = ([each.at["type"] for each in sides] for sides in (before, after))
    given, takers, what = (new, old, "may be") if use is Use.WRITTEN else (old, new, "may not be")
    for kind in given:
        if not any(_takes(taker, kind) for taker in takers):
            yield Break(where, f"{what} {kind}")


def _list_alternatives(side: _Side) -> list[_Side]:
    """Without references and unions: schemas of one type each."""
    at, rest = side.at, {}
    if at is True or at == {}:
        return [_Side(side.whole, {"type": each}) for each in TYPES if each != "integer"]
    while "$ref" in at:
        target: Any = side.whole
        for part in at["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        at = {**target, **{key: value for key, value in at.items() if key != "$ref"}}
    for union in ("anyOf", "oneOf"):
        if union in at:
            rest = {key: value for key, value in at.items() if key != union}
            parts = [_Side(side.whole, {**rest, **each}) for each in at[union]]
            return [one for part in parts for one in _list_alternatives(part)]
    kinds = at.get("type", _find_types(at))
    return [_Side(side.whole, {**at, "type": each}) for each in ([kinds] if isinstance(kinds, str) else kinds)]


def _find_types(at: Schema) -> Sequence[str]:
    values = _list_values(at)
    if values is None:
        return ["object"] if "properties" in at else [each for each in TYPES if each != "integer"]
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return sorted({names.get(type(value), "object") for value in values})


def _takes(taker: str, given: str) -> bool:
    """Whether a value of the type `given` is one of the type `taker`."""
    return taker == given or (taker, given) == ("number", "integer")


def _list_values(at: Schema) -> list[Any] | None:
    if "const" in at:
        return [at["const"]]
    return list(at["enum"]) if "enum" in at else None


def _compare_values(before: Sequence[_Side], after: Sequence[_Side], where: str) -> Iterator[Break]:
    """Values of a closed set that are gone: nobody writes them any more, or they are refused."""
    now = [_list_values(each.at) for each in after]
    for each in before:
        for value in _list_values(each.at) or ():
            left = any(
                value in values if values is not None else _takes(there.at["type"], each.at["type"])
                for values, there in zip(now, after, strict=True)
            )
            if not left:
                yield Break(where, f"{value!r} is gone")


def _compare_one(old: _Side, new: _Side, use: Use, where: str, known: Known) -> Iterator[Break]:
    """Two schemas of one type."""
    if use is Use.READ:
        yield from _compare_bounds(old.at, new.at, where)
    if old.at["type"] == "array":
        yield from _compare(_item_of(old), _item_of(new), use, f"{where}[*]", known)
    if old.at["type"] == "object":
        yield from _compare_keys(old, new, use, where, known)


def _item_of(side: _Side) -> _Side:
    if "prefixItems" in side.at:
        return _Side(side.whole, {"anyOf": side.at["prefixItems"]})
    return _Side(side.whole, side.at.get("items", {}))


def _compare_bounds(old: Schema, new: Schema, where: str) -> Iterator[Break]:
    for key in (*_LOWER, *_UPPER):
        if key in new and (key not in old or (new[key] > old[key] if key in _LOWER else new[key] < old[key])):
            yield Break(where, f"{key} is {new[key]}, was {old.get(key, 'none')}")
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield Break(where, f"pattern is {new['pattern']}, was {old.get('pattern', 'none')}")
    if _list_values(new) is not None and _list_values(old) is None:
        yield Break(where, f"is one of {_list_values(new)}, was any")


def _compare_keys(old: _Side, new: _Side, use: Use, where: str, known: Known) -> Iterator[Break]:
    keys, now = old.at.get("properties", {}), new.at.get("properties", {})
    for key, value in keys.items():
        at = _join(where, key)
        other = now.get(key, _find_open(new, use))
        if other is None:
            yield Break(at, "is gone")
            continue
        yield from _compare(_Side(old.whole, value), _Side(new.whole, other), use, at, known)
        if use is Use.WRITTEN and _always(old.at, key) and not _always(new.at, key):
            yield Break(at, "may be missing")
    if use is Use.READ:
        for key in set(new.at.get("required", ())) - set(old.at.get("required", ())):
            yield Break(_join(where, key), "is required")
    before, after = _find_names(old), _find_names(new)
    if before is not None and not (after is None and use is Use.WRITTEN):
        if after is None:
            yield Break(_join(where, "*"), "is gone")
        else:
            yield from _compare(_Side(old.whole, before), _Side(new.whole, after), use, _join(where, "*"), known)


def _always(at: Schema, key: str) -> bool:
    """A key with a default is always written, though a reader of the schema need not give it."""
    return key in at.get("required", ()) or "default" in at.get("properties", {}).get(key, {})


def _find_open(side: _Side, use: Use) -> Any:
    """What a key without a name of its own may be; None if there can be none."""
    more = side.at.get("additionalProperties", use is Use.READ)
    return None if more is False or use is Use.WRITTEN else ({} if more is True else more)


def _find_names(side: _Side) -> Any:
    """The schema of values whose keys are names; None if there are none."""
    found = list(side.at.get("patternProperties", {}).values())
    more = side.at.get("additionalProperties")
    if isinstance(more, Mapping):
        found.append(more)
    return {"anyOf": found} if found else None
