"""Socket addresses as ss prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.errors import InputError
from qtctl.meaning.addresses import Relation, parse_address, relate_addresses

ANY = "0.0.0.0"  # noqa: S104 compared, not bound
RELATIONS = [
    ("127.0.0.1", "127.0.0.1", Relation.EXACT),
    ("127.0.0.1", "127.0.0.1%lo", Relation.EXACT),
    ("127.0.0.1", "[::ffff:127.0.0.1]", Relation.EXACT),
    ("127.0.0.1", ANY, Relation.WIDER),
    ("127.0.0.1", "*", Relation.WIDER),
    ("127.0.0.1", "[::]", Relation.ELSEWHERE),
    ("127.0.0.1", "127.0.0.2", Relation.ELSEWHERE),
    ("127.0.0.1", "[::1]", Relation.ELSEWHERE),
    ("[::1]", "[::]", Relation.WIDER),
    ("[::1]", "*", Relation.WIDER),
    ("[::1]", "::1", Relation.EXACT),
    (ANY, "127.0.0.1", Relation.NARROWER),
    (ANY, f"{ANY}%eth0", Relation.NARROWER),
    (ANY, "*", Relation.WIDER),
    ("*", ANY, Relation.NARROWER),
    ("*", "[::]", Relation.NARROWER),
    ("*", "*", Relation.EXACT),
    ("[::]", "*", Relation.WIDER),
    ("[fe80::1]", "[fe80::1]%eth0", Relation.EXACT),
]


@pytest.mark.parametrize(("declared", "bound", "expected"), RELATIONS)
def test_relation(declared: str, bound: str, expected: Relation) -> None:
    assert relate_addresses(declared, bound) is expected


@given(st.sampled_from(RELATIONS), st.sampled_from(RELATIONS))
def test_wider_one_way_is_narrower_the_other(one: tuple[str, str, Relation], other: tuple[str, str, Relation]) -> None:
    mirrored = {Relation.WIDER: Relation.NARROWER, Relation.NARROWER: Relation.WIDER}
    there = relate_addresses(one[0], other[1])
    assert relate_addresses(other[1], one[0]) is mirrored.get(there, there)


@given(st.ip_addresses())
def test_every_address_is_itself(address: object) -> None:
    assert relate_addresses(str(address), f"[{address}]") is Relation.EXACT


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1:80", "users:"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a socket address"):
        parse_address(text)
