"""Documents of every release can still be read, and its files still be written: an incompatible change is refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from qtctl.version import VERSION
from tests.docs.generate import DOCS
from tests.docs.pages import ROOT
from tests.release.compatibility import Break, Use, compare_schemas
from tests.release.keep import KEPT, keep, list_releases, read_schemas

TODAY = read_schemas(DOCS / "schemas")
ACCEPTED = tomllib.loads((Path(__file__).parent / "accepted.toml").read_text())["accepted"]
BOTH = ("evidence", "plan", "fleet-plan")
"""Documents that qtctl writes, and reads again."""
ONE_VERSION = ("plan", "fleet-plan")
"""Read by the version that wrote them alone (docs/releases.md)."""


def list_uses(name: str) -> list[Use]:
    if name.startswith("registry/"):
        return [Use.READ]
    return [Use.WRITTEN, Use.READ] if name in BOTH and name not in ONE_VERSION else [Use.WRITTEN]


def find_breaks(version: str) -> set[tuple[str, str]]:
    """(schema, "PLACE: WHAT"), WHAT without its value."""
    found: set[tuple[str, str]] = set()
    for name, schema in read_schemas(KEPT / version).items():
        if name not in TODAY:
            found.add((name, "the whole document is gone"))
            continue
        breaks = [each for use in list_uses(name) for each in compare_schemas(schema, TODAY[name], use)]
        found |= {(name, f"{each.where}: {each.what.partition(' is ')[0]}") for each in breaks}
    return found


@pytest.mark.parametrize("version", list_releases())
def test_nothing_incompatible_with_a_release(version: str) -> None:
    """Raise `schema_version`, or give a reason in accepted.toml; reasons for what is no break are errors, too."""
    accepted = {
        (name, key)
        for each in ACCEPTED
        if each["since"] == version and each["why"].strip()
        for key, names in each["keys"].items()
        for name in names
    }
    assert find_breaks(version) == accepted


def test_every_release_of_the_changelog_has_its_schemas() -> None:
    named = [
        line.split("]")[0].removeprefix("## [")
        for line in (ROOT / "CHANGELOG.md").read_text().splitlines()
        if line.startswith("## [")
    ]
    assert named[0] == "Unreleased"
    assert [*reversed(named[1:])] == list_releases()
    assert VERSION not in named or read_schemas(KEPT / VERSION) == TODAY


def test_schemas_are_kept_of_releases_and_once(tmp_path: Path) -> None:
    keep("1.2.3", tmp_path)
    keep("1.2.3", tmp_path)
    assert read_schemas(tmp_path / "1.2.3") == TODAY
    (tmp_path / "1.2.3/audit.json").write_text("{}")
    with pytest.raises(ValueError, match="kept already"):
        keep("1.2.3", tmp_path)
    with pytest.raises(ValueError, match="no release"):
        keep("1.2.3.dev0", tmp_path)


STRING, NUMBER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}


def make(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), **more}


SMALL = make({"a": STRING}, "a")
CLOSED = make({"a": STRING}, additionalProperties=False)
UNION = make({"a": {"anyOf": [make({"kind": {"const": each}, each: STRING}, "kind", each) for each in "xy"]}}, "a")
NODE = make({"in": {"type": "array", "items": {"$ref": "#/$defs/T"}}, "a": STRING}, "in", "a")
TREE: dict[str, Any] = {"$defs": {"T": NODE}, "$ref": "#/$defs/T"}


def change(schema: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**schema, "properties": {**schema["properties"], **properties}}


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str], list[str]]] = {
    # name: old, new, breaks of what is written, breaks of what is read
    "the same": (SMALL, SMALL, [], []),
    "a key comes": (SMALL, change(SMALL, b=STRING), [], []),
    "a key goes": (CLOSED, make({}, additionalProperties=False), ["a: is gone"], ["a: is gone"]),
    "a required key goes, others may come": (SMALL, make({}), ["a: is gone"], []),
    "a key may be missing": (SMALL, make({"a": STRING}), ["a: may be missing"], []),
    "a key has a default": (SMALL, make({"a": {**STRING, "default": ""}}), [], []),
    "a key becomes required": (make({"a": STRING}), SMALL, [], ["a: is required"]),
    "a new key is required": (SMALL, change({**SMALL, "required": ["a", "b"]}, b=STRING), [], ["b: is required"]),
    "another type": (SMALL, change(SMALL, a=NUMBER), ["a: may be integer"], ["a: may not be string"]),
    "null comes": (SMALL, change(SMALL, a={"anyOf": [STRING, NULL]}), ["a: may be null"], []),
    "null goes": (change(SMALL, a={"type": ["string", "null"]}), SMALL, [], ["a: may not be null"]),
    "wider number": (change(SMALL, a=NUMBER), change(SMALL, a={"type": "number"}), ["a: may be number"], []),
    "anything becomes a string": (change(SMALL, a={}), SMALL, [], [
        "a: may not be array", "a: may not be boolean", "a: may not be null", "a: may not be number",
        "a: may not be object",
    ]),
    "a value comes": (change(SMALL, a={"enum": ["x"]}), change(SMALL, a={"enum": ["x", "y"]}), [], []),
    "a value goes": (change(SMALL, a={"enum": ["x", "y"]}), change(SMALL, a={"enum": ["x"]}),
                     ["a: 'y' is gone"], ["a: 'y' is gone"]),
    "a constant changes": (change(SMALL, a={"const": 1}), change(SMALL, a={"const": 2}),
                           ["a: 1 is gone"], ["a: 1 is gone"]),
    "a set is closed": (SMALL, change(SMALL, a={**STRING, "enum": ["x"]}), [], ["a: is one of ['x'], was any"]),
    "a bound comes": (SMALL, change(SMALL, a={**STRING, "maxLength": 3}), [], ["a: maxLength is 3, was none"]),
    "a bound is wider": (change(SMALL, a={**NUMBER, "minimum": 3}), change(SMALL, a={**NUMBER, "minimum": 2}), [], []),
    "a pattern changes": (change(SMALL, a={**STRING, "pattern": "a"}), change(SMALL, a={**STRING, "pattern": "b"}),
                          [], ["a: pattern is b, was a"]),
    "items": (change(SMALL, a={"type": "array", "items": SMALL}), change(SMALL, a={"type": "array", "items": make({})}),
              ["a[*].a: is gone"], []),
    "names": ({"type": "object", "additionalProperties": STRING}, {"type": "object", "additionalProperties": NUMBER},
              ["*: may be integer"], ["*: may not be string"]),
    "a shape comes to others": (UNION, change(UNION, a={"anyOf": [*UNION["properties"]["a"]["anyOf"], SMALL]}), [], []),
    "a second shape comes": (SMALL, {"anyOf": [SMALL, make({"b": STRING}, "b")]}, ["a: is gone"], []),
    "a shape goes": (UNION, change(UNION, a=UNION["properties"]["a"]["anyOf"][0]),
                     ["a.kind: 'y' is gone", "a.y: is gone"], ["a.kind: 'y' is gone", "a.x: is required"]),
    "in itself": (TREE, {**TREE, "$defs": {"T": change(NODE, a=NUMBER)}},
                  ["a: may be integer", "in[*].a: may be integer"],
                  ["a: may not be string", "in[*].a: may not be string"]),
    "a new major version": (change(SMALL, schema_version={"const": 1}), make({"schema_version": {"const": 2}}), [], []),
    "an older one": (change(SMALL, schema_version={"const": 2}), make({"schema_version": {"const": 1}}),
                     ["a: is gone"], []),
}  # fmt: skip


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize("case", CASES)
def test_what_is_a_break(case: str, use: Use) -> None:
    old, new, written, read = CASES[case]
    found = compare_schemas(old, new, use)
    assert [f"{each.where}: {each.what}" for each in found] == (written if use is Use.WRITTEN else read)


def change_everywhere(schema: Any, key: str) -> Any:
    if isinstance(schema, list):
        return [change_everywhere(each, key) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: change_everywhere(value, key) for name, value in schema.items()}
    if key in found.get("properties", {}):
        found["properties"] = {name: value for name, value in found["properties"].items() if name != key}
    return found


@pytest.mark.parametrize(
    ("name", "key"),
    [("audit", "fingerprint"), ("registry", "proof_line"), ("evidence", "again"), ("parity", "verdict")],
)
def test_a_key_that_goes_from_a_real_document_is_noticed(name: str, key: str) -> None:
    found = compare_schemas(TODAY[name], change_everywhere(TODAY[name], key), Use.WRITTEN)
    assert any(each.where.endswith(key) and each.what == "is gone" for each in found)


@pytest.mark.parametrize("name", TODAY)
def test_every_schema_is_compatible_with_itself(name: str) -> None:
    assert [*compare_schemas(TODAY[name], TODAY[name], Use.WRITTEN)] == []
    assert [*compare_schemas(TODAY[name], TODAY[name], Use.READ)] == []


def test_breaks_are_sorted() -> None:
    old, new = make({"b": STRING, "a": STRING}), make({})
    assert compare_schemas(old, new, Use.WRITTEN) == (Break("a", "is gone"), Break("b", "is gone"))
