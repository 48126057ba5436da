"""What a host must have, as bytes: the same comes back, of the same input alone, and nothing else is made of bytes."""

import hashlib
import pickle
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.files import locate_shipped, read_registry, read_templates
from qtctl.flows.declare import declare
from qtctl.flows.desired_cache import CorruptCache, Sources, may_hold, pack, unpack
from qtctl.model.desired import Desired
from qtctl.model.desired_install import DesiredInstall
from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.states import KeyType, ServiceState

POOL = Path(__file__).parent.parent / "live" / "pool"

SOURCES = Sources({"fleet.toml": b"a", "hosts.toml": b"b"}, {"unit.j2": "c"}, "lab1", None)
OTHERS = {
    "a file's content": replace(SOURCES, files={"fleet.toml": b"a", "hosts.toml": b"B"}),
    "a file's name": replace(SOURCES, files={"fleet.toml": b"a", "stores.toml": b"b"}),
    "a file more": replace(SOURCES, files={**SOURCES.files, "stores.toml": b""}),
    "a file less": replace(SOURCES, files={"fleet.toml": b"a"}),
    "contents that are swapped": replace(SOURCES, files={"fleet.toml": b"b", "hosts.toml": b"a"}),
    "a file that is a template": replace(
        SOURCES, files={"fleet.toml": b"a"}, templates={"hosts.toml": "b", "unit.j2": "c"}
    ),
    "a template": replace(SOURCES, templates={"unit.j2": "d"}),
    "another target": replace(SOURCES, target="lab2"),
    "a name that it stands in for": replace(SOURCES, as_name="prod-1"),
    "an empty name": replace(SOURCES, as_name=""),
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_differs_has_another_digest(other: str) -> None:
    assert OTHERS[other].digest("v1") != SOURCES.digest("v1") != SOURCES.digest("v2")


def test_the_order_in_which_files_are_read_is_none_of_it() -> None:
    turned = {name: SOURCES.files[name] for name in sorted(SOURCES.files, reverse=True)}
    assert replace(SOURCES, files=turned).digest("v1") == SOURCES.digest("v1")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
ANY = st.builds(
    Sources, st.dictionaries(TEXT, st.binary(max_size=4)), st.dictionaries(TEXT, TEXT), TEXT, st.none() | TEXT
)


@given(ANY, ANY)
def test_digests_are_equal_where_the_sources_are(one: Sources, other: Sources) -> None:
    assert (one.digest("v") == other.digest("v")) == (one == other)


@pytest.mark.parametrize("registry", [locate_shipped("registry"), POOL], ids=["shipped", "pool"])
def test_the_same_comes_back(registry: Path) -> None:
    desired = declare(read_registry(registry), read_templates(None), "", None).desired
    assert desired.files
    assert unpack(pack(desired)) == desired


def test_choices_come_back_from_a_python_that_pickles_them_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As 3.11.2 does, which is Debian 12's."""
    for choices in (KeyType, ServiceState):
        monkeypatch.setattr(choices, "__reduce_ex__", lambda each, _protocol: (getattr, (type(each), each.name)))
    desired = declare(read_registry(POOL), read_templates(None), "", None).desired
    assert unpack(pack(desired)) == desired


def sealed(what: object) -> bytes:
    body = pickle.dumps(what)
    return hashlib.sha256(body).digest() + body


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (eval, ("1/0",))


@pytest.mark.parametrize("what", [Evil(), ["a list"], SOURCES, None], ids=["code", "list", "another class", "nothing"])
def test_nothing_else_is_made_of_bytes(what: object) -> None:
    with pytest.raises(CorruptCache):
        unpack(sealed(what))


def test_a_function_of_an_allowed_module_is_not_called() -> None:
    body = b"\x80\x04cqtctl.model.desired\ndataclass\n."
    with pytest.raises(CorruptCache, match="is not a class that a cached entry may hold"):
        unpack(hashlib.sha256(body).digest() + body)


def test_corrupt_bytes_are_noticed() -> None:
    whole = pack(declare(read_registry(POOL), read_templates(None), "", None).desired)
    for corrupt in (b"", whole[:10], whole[:-1], whole + b"x", whole[:100] + b"\0" + whole[101:]):
        with pytest.raises(CorruptCache):
            unpack(corrupt)


def list_classes(kind: object, seen: set[type]) -> set[type]:
    """The classes that an object of this type may consist of, by the types of its fields."""
    for each in get_args(kind):
        list_classes(each, seen)
    if not isinstance(kind, type) or kind in seen or not kind.__module__.startswith("qtctl."):
        return seen
    seen.add(kind)
    for field in fields(kind) if is_dataclass(kind) else ():
        list_classes(get_type_hints(kind)[field.name], seen)
    return seen


def test_every_class_of_it_may_be_read() -> None:
    found = list_classes(Desired, set())
    assert DesiredInstall in found
    assert DesiredOriginal in found
    assert [each for each in found if not may_hold(each.__module__)] == []
