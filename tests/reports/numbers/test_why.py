"""Every number of every report is explained, and what explains it comes to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from qtctl.dialects.json_pointer import resolve_pointer, write_pointer
from qtctl.flows.schemas import make_document_schemas
from qtctl.reports.gates import FAMILIES
from qtctl.reports.numbers.catalogue import list_documents, recognize
from qtctl.reports.numbers.explain import find_rule, is_figure
from qtctl.reports.numbers.rules import Document, How
from qtctl.reports.why import build_report

from .samples import SAMPLES, read_sample

Steps = tuple[str, ...]
LINES = {"audit-line", "log-line", "watch-line"}
"""Lines of streams: the numbers of the first are those of `audit` and `fleet-audit`, which `why` explains; the others
have what hosts told."""
SCHEMAS = {name: schema for name, schema in make_document_schemas().items() if name not in LINES}


def numbers_of(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, float]]:
    if is_figure(value):
        yield steps, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from numbers_of(each, (*steps, str(step)))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_number_of_every_report_is_explained_and_adds_up(name: str) -> None:
    document = read_sample(name)
    found = [*numbers_of(document)]
    assert found
    for steps, number in found:
        why = build_report(document, name, steps)
        where = f"{name}{write_pointer(steps)}: {why}"
        assert why.number == number
        assert why.adds_up, where
        assert why.what
        if why.how is How.COUNTED and not why.stands_for_all:
            assert len(why.items) == number, where
            assert all(each.number == 1 for each in why.items)
        else:
            assert why.items, where
        for item in why.items:
            resolve_pointer(document, tuple(each.replace("~1", "/").replace("~0", "~")
                                            for each in item.pointer.split("/")[1:]))  # fmt: skip
        assert len({each.pointer for each in why.items}) == len(why.items) or why.how is not How.COUNTED


def test_there_is_a_sample_of_every_document() -> None:
    kinds = {recognize(read_sample(name), name).name for name in SAMPLES}
    assert kinds == {each.name for each in list_documents()} == set(SCHEMAS)


def places_of(schema: Any, root: Any, steps: Steps = (), depth: int = 0) -> Iterator[Steps]:
    """Where a schema allows numbers: with * for any step, and ** where anything may stand."""
    if depth > 24:
        return
    if "$ref" in schema:
        yield from places_of(root["$defs"][schema["$ref"].rpartition("/")[2]], root, steps, depth + 1)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())):
        yield from places_of(each, root, steps, depth + 1)
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if (
        {"integer", "number"} & {*kinds}
        or is_figure(schema.get("const"))
        or any(map(is_figure, schema.get("enum", ())))
    ):
        yield steps
    for key, each in schema.get("properties", {}).items():
        yield from places_of(each, root, (*steps, key), depth + 1)
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        yield from places_of(more, root, (*steps, "*"), depth + 1)
    if isinstance(schema.get("items"), dict):
        yield from places_of(schema["items"], root, (*steps, "*"), depth + 1)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_wherever_a_schema_allows_a_number_its_origin_is_declared(name: str) -> None:
    document = next(each for each in list_documents() if each.name == name)
    wanted = {*places_of(SCHEMAS[name], SCHEMAS[name])}
    assert wanted
    assert [write_pointer(steps) for steps in sorted(wanted) if not is_declared(document, steps)] == []


def is_declared(document: Document, steps: Steps) -> bool:
    """The gates of a module registry are told apart by their place."""
    if steps[0] != "gates":
        return find_rule(document, steps) is not None
    gates = range(len(FAMILIES) + 3)
    return all(find_rule(document, (steps[0], str(gate), *steps[2:])) is not None for gate in gates)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_documents_are_recognized_by_the_keys_of_their_schemas(name: str) -> None:
    document = next(each for each in list_documents() if each.name == name)
    assert document.required | document.optional == {*SCHEMAS[name]["properties"]}
    assert document.required <= {*SCHEMAS[name].get("required", ())} | {"state"}
    others = [each.name for each in list_documents() if each.required <= document.required | document.optional
              and each.required | each.optional >= document.required and each is not document]  # fmt: skip
    assert others == []
