"""The fleet's block in the hosts file: everything else stays byte for byte, whatever it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.hosts import (
    is_same_address,
    list_addresses,
    make_begin_mark,
    make_block_lines,
    make_end_mark,
    read,
    replace_block,
)

BLOCK = ("127.0.0.1 redis quantum_redis", "::1 redis")
OTHERS = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from(
            [b"127.0.0.1 localhost", b"# a comment", b"", b"\xff\xfe x", b"10.0.0.1\tdb DB.example # x", b"::1 l\r"]
        ),
        max_size=6,
    ).map(b"\n".join),
)


@settings(max_examples=300, deadline=None)
@given(OTHERS, OTHERS)
def test_nothing_else_changes(before: bytes, after: bytes) -> None:
    first = replace_block(before, "f", BLOCK)
    assert read(first, "f").block == BLOCK
    assert first.startswith(before)
    between = first + after
    changed = replace_block(between, "f", BLOCK[:1])
    assert read(changed, "f").block == BLOCK[:1]
    assert changed.replace(f"\n{BLOCK[0]}\n".encode(), b"\n") == between.replace(
        f"\n{BLOCK[0]}\n{BLOCK[1]}\n".encode(), b"\n"
    )
    gone = replace_block(changed, "f", ())
    assert read(gone, "f").block is None
    assert read(gone, "f").rows == read(between, "f").rows
    assert replace_block(gone, "f", ()) == gone


def test_how_it_looks() -> None:
    assert replace_block(b"127.0.0.1 localhost\n", "f", make_block_lines([("127.0.0.1", ("a", "b")), ("::1", ())])) == (
        b"127.0.0.1 localhost\n"
        b"# BEGIN qtctl f: generated; edits up to END are overwritten.\n"
        b"127.0.0.1 a b\n"
        b"# END qtctl f\n"
    )


def test_the_block_stays_where_it_stands() -> None:
    content = f"1.1.1.1 a\n{make_begin_mark('f')}\nold\n{make_end_mark('f')}\n2.2.2.2 b".encode()
    assert replace_block(content, "f", ("new",)) == content.replace(b"old", b"new")


def test_another_fleets_block_is_not_ours() -> None:
    content = replace_block(b"", "other", ("10.0.0.1 redis",))
    both = replace_block(content, "f", ("127.0.0.1 x",))
    assert both.startswith(content)
    assert list_addresses(read(both, "f").rows, "redis") == ("10.0.0.1",)
    assert read(both, "f").block == ("127.0.0.1 x",)


BROKEN = {
    "no end": f"{make_begin_mark('f')}\n",
    "no begin": f"{make_end_mark('f')}\n",
    "the wrong way round": f"{make_end_mark('f')}\n{make_begin_mark('f')}\n",
    "twice": f"{make_begin_mark('f')}\n{make_end_mark('f')}\n" * 2,
}


@pytest.mark.parametrize("case", BROKEN)
def test_marks_that_cannot_be_trusted(case: str) -> None:
    content = BROKEN[case].encode()
    assert "are not there once each" in read(content, "f").broken
    with pytest.raises(ValueError, match="are not there once each"):
        replace_block(content, "f", BLOCK)


def test_how_names_are_found() -> None:
    rows = read(b"10.0.0.1 db Redis # not this\n#10.0.0.2 redis\n::1\tredis redis\n10.0.0.1 REDIS\n", "f").rows
    assert list_addresses(rows, "redis") == ("10.0.0.1", "::1")
    assert list_addresses(rows, "this") == ()
    assert list_addresses(rows, "10.0.0.1") == ()


def test_one_address_in_two_ways() -> None:
    assert is_same_address("::1", "0:0:0:0:0:0:0:1")
    assert not is_same_address("127.0.0.1", "::1")
    assert is_same_address("odd", "odd")
    assert not is_same_address("odd", "127.0.0.1")
