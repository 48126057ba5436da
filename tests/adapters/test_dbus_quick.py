"""The quick codec says what jeepney says, or leaves it to jeepney."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call, new_method_return
from jeepney.low_level import Endianness, Parser

from qtctl.adapters import dbus_quick
from qtctl.adapters.dbus_values import encode, unwrapped
from qtctl.ports.host import BusCall, BusReply

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBERS = {"u": (0, 2**32 - 1), "i": (-(2**31), 2**31 - 1), "t": (0, 2**64 - 1), "x": (-(2**63), 2**63 - 1)}
PLAIN = st.one_of(
    st.tuples(st.just("s"), TEXT),
    st.tuples(st.just("b"), st.booleans()),
    st.tuples(st.just("as"), st.lists(TEXT, max_size=5)),
    st.tuples(st.just("d"), st.floats(allow_nan=False)),
    *(st.tuples(st.just(kind), st.integers(low, high)) for kind, (low, high) in NUMBERS.items()),
)
BYTES = st.tuples(st.just("ay"), st.binary(max_size=9))
DEEP = st.recursive(
    st.one_of(
        PLAIN, BYTES, st.tuples(st.just("y"), st.integers(0, 255)), st.tuples(st.just("q"), st.integers(0, 65535))
    ),
    lambda inner: st.one_of(
        st.tuples(st.just("v"), inner),
        inner.map(lambda one: (f"a{one[0]}", [one[1], one[1]]) if one[0] != "y" else ("ay", bytes([one[1]] * 2))),
        inner.map(lambda one: (f"a{one[0]}", []) if one[0] != "y" else ("ay", b"")),
        st.lists(inner, min_size=1, max_size=4).map(
            lambda many: (f"({''.join(kind for kind, _ in many)})", tuple(value for _, value in many))
        ),
        st.tuples(TEXT, inner).map(
            lambda pair: (f"a{{s{pair[1][0]}}}", {pair[0]: pair[1][1], pair[0] + "x": pair[1][1]})
        ),
        st.tuples(st.integers(0, 9), inner).map(lambda pair: (f"a{{t{pair[1][0]}}}", {pair[0]: pair[1][1]})),
    ),
    max_leaves=8,
)
"""A signature and a value of it, of any type that D-Bus has but file descriptors."""


def returned(signature: str, body: tuple[object, ...], serial: int, *, sender: str = ":1.4") -> Message:
    call = new_method_call(DBusAddress("/a", "b.c", "d.e"), "F")
    call.header.serial = serial
    message = new_method_return(call, signature or None, body)
    message.header.fields[HeaderFields.sender] = sender
    message.header.fields[HeaderFields.destination] = ":1.99"
    return message


@given(st.lists(TEXT, max_size=3), st.integers(1, 2**32 - 1), st.sampled_from(["/a", "/org/x/y_2dz", "/"]))
def test_calls_of_strings_are_what_jeepney_reads(body: list[str], serial: int, path: str) -> None:
    call = BusCall(path, "org.example.Thing", "Get", "s" * len(body), tuple(body), "org.example")
    quick = dbus_quick.encode(call, serial)
    assert quick is not None
    assert dbus_quick.length(quick, 0) == len(quick)
    (mine,), (other,) = Parser().feed(quick), Parser().feed(encode(call, serial))
    assert mine.header.fields == other.header.fields
    assert (mine.body, mine.header.serial) == (other.body, serial)


@pytest.mark.parametrize(
    "call",
    [
        BusCall("/a", "b.c", "D", "u", (1,)),
        BusCall("/a", "b.c", "D", "as", (["x"],)),
        BusCall("/a", "b.c", "D", "s", ("nul\0",)),
        BusCall("/a", "b.c", "D", "ss", ("one",)),
    ],
)
def test_other_calls_are_left_alone(call: BusCall) -> None:
    assert dbus_quick.encode(call, 1) is None


@given(PLAIN, st.integers(1, 2**32 - 1), st.booleans(), st.sampled_from([":1.4", ":1.1234567"]))
def test_plain_returns(plain: tuple[str, object], serial: int, variant: bool, sender: str) -> None:
    signature, value = plain
    message = returned("v" if variant else signature, (plain,) if variant else (value,), serial, sender=sender)
    decoded = dbus_quick.decode(message.serialise(7))
    assert decoded is not None
    assert (decoded[0], decoded[1].body) == (serial, unwrapped(message))


@given(st.lists(DEEP, max_size=3), st.integers(1, 99))
def test_any_return_is_what_jeepney_reads(values: list[tuple[str, object]], serial: int) -> None:
    message = returned("".join(kind for kind, _ in values), tuple(value for _, value in values), serial)
    assert dbus_quick.decode(message.serialise(7)) == (serial, BusReply(unwrapped(message)))


def signed(signature: str) -> bytes:
    """A return of the string x, whose header says that it is of another signature."""
    serial = bytes((5, 1, ord("u"), 0, 3, 0, 0, 0))
    fields = serial + bytes((8, 1, ord("g"), 0, len(signature))) + signature.encode() + b"\0"
    head = dbus_quick.HEAD.pack(ord("l"), 2, 0, 1, 6, 7, len(fields))
    return head + fields + b"\0" * (-len(fields) % 8) + b"\1\0\0\0x\0"


@pytest.mark.parametrize("signature", ["h", "z", "(", "(s", "a", "a{", "a{s", "a{ss", "s)"])
def test_what_is_no_type_here_is_left_alone(signature: str) -> None:
    assert dbus_quick.decode(signed("s")) == (3, BusReply(("x",)))
    assert dbus_quick.decode(signed(signature)) is None


@given(DEEP, st.binary(min_size=1, max_size=4), st.data())
def test_a_spoilt_message_is_read_or_left_alone(deep: tuple[str, object], noise: bytes, data: st.DataObject) -> None:
    raw = returned("v", (deep,), 3).serialise(7)
    at = data.draw(st.integers(dbus_quick.HEAD.size, len(raw) - 1))
    dbus_quick.decode(raw[:at] + noise + raw[at + len(noise) :])


def test_variants_that_are_nested_without_end_are_left_alone() -> None:
    raw = returned("v", (("v", ("s", "x")),), 3).serialise(7)
    deep = raw[: raw.rindex(b"\1v\0")] + b"\1v\0" * 100_000
    assert dbus_quick.decode(deep) is None


def test_other_messages_are_left_alone() -> None:
    message = returned("s", ("x",), 3)
    message.header.message_type = MessageType.error
    assert dbus_quick.decode(message.serialise(7)) is None


def test_the_other_byte_order_is_framed_and_left_alone() -> None:
    message = returned("v", (("s", "x"),), 3)
    message.header.endianness = Endianness.big
    raw = message.serialise(7)
    assert dbus_quick.length(raw, 0) == len(raw)
    assert dbus_quick.decode(raw) is None


@given(PLAIN, st.data())
def test_a_cut_message_is_never_read_beyond_its_end(plain: tuple[str, object], data: st.DataObject) -> None:
    raw = returned("v", (plain,), 3).serialise(7)
    cut = raw[: data.draw(st.integers(16, len(raw) - 1))]
    dbus_quick.decode(cut)
    assert dbus_quick.length(cut, 0) == len(raw)


def test_what_is_no_message() -> None:
    assert dbus_quick.length(b"l\1", 0) == 0
    with pytest.raises(ValueError, match="not a D-Bus message"):
        dbus_quick.length(b"x" * 16, 0)
    with pytest.raises(ValueError, match="longer"):
        dbus_quick.length(dbus_quick.HEAD.pack(ord("l"), 2, 0, 1, 2**31, 1, 0), 0)
