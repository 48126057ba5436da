"""Our own reader of messages says what jeepney says; calls are written as jeepney reads them, or left to it."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call, new_method_return, new_signal
from jeepney.low_level import Endianness, Parser

from qtctl.adapters import dbus_quick
from qtctl.adapters.bounds import BUS_MESSAGE
from qtctl.adapters.dbus_values import encode
from qtctl.interfaces.host import BusCall
from tests.adapters.jeepneys import unwrapped

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
    assert dbus_quick.read_length(quick, 0) == len(quick)
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
    assert (decoded.kind, decoded.serial, decoded.body) == (dbus_quick.RETURN, serial, unwrapped(message))


@given(st.lists(DEEP, max_size=3), st.integers(1, 99), st.sampled_from(Endianness))
def test_any_return_is_what_jeepney_reads(values: list[tuple[str, object]], serial: int, order: Endianness) -> None:
    message = returned("".join(kind for kind, _ in values), tuple(value for _, value in values), serial)
    message.header.endianness = order
    raw = message.serialise(7)
    assert dbus_quick.read_length(raw, 0) == len(raw)
    decoded = dbus_quick.decode(raw)
    assert (decoded.serial, decoded.body, decoded.unread) == (serial, unwrapped(message), "")


def signed(signature: str) -> bytes:
    """A return of the string x, whose header says that it is of another signature."""
    serial = bytes((5, 1, ord("u"), 0, 3, 0, 0, 0))
    fields = serial + bytes((8, 1, ord("g"), 0, len(signature))) + signature.encode() + b"\0"
    head = dbus_quick.HEAD.pack(ord("l"), 2, 0, 1, 6, 7, len(fields))
    return head + fields + b"\0" * (-len(fields) % 8) + b"\1\0\0\0x\0"


@pytest.mark.parametrize(
    "signature",
    ["h", "z", "(", "(s", "a", "a{", "a{s", "a{ss", "s)", "()", "a()", "a(())", "a{}", "{ss}", "a{vs}", "a{sss}",
     "a{(s)s}", "a" * 33 + "s", "(" * 33 + "s" + ")" * 33],
)  # fmt: skip
def test_what_is_no_type_here_is_not_read(signature: str) -> None:
    assert dbus_quick.decode(signed("s")).body == ("x",)
    decoded = dbus_quick.decode(signed(signature))
    assert (decoded.serial, decoded.body) == (3, ())
    assert decoded.unread


@given(DEEP, st.binary(min_size=1, max_size=4), st.data())
def test_a_spoilt_message_is_read_or_refused(deep: tuple[str, object], noise: bytes, data: st.DataObject) -> None:
    raw = returned("v", (deep,), 3).serialise(7)
    at = data.draw(st.integers(dbus_quick.HEAD.size, len(raw) - 1))
    with suppress(ValueError):
        dbus_quick.decode(raw[:at] + noise + raw[at + len(noise) :])


@pytest.mark.parametrize("depth", [65, 100_000])
def test_variants_that_are_nested_without_end_are_not_read(depth: int) -> None:
    raw = returned("v", (("v", ("s", "x")),), 3).serialise(7)
    deep = raw[: raw.rindex(b"\1v\0")] + b"\1v\0" * depth
    assert "deeper" in dbus_quick.decode(deep).unread


@pytest.mark.parametrize("kind", ["an", "ab", "as", "aas", "av", "a(yyy)", "a{yv}", "a" + "(" * 32 + "y" + ")" * 32])
def test_a_million_values_in_a_few_bytes_are_not_read(kind: str) -> None:
    """Zeros are numbers, empty texts and arrays, each with a price in memory that the sender does not pay."""
    raw = signed(kind)
    head = dbus_quick.HEAD.pack(ord("l"), 2, 0, 1, 400_000, 7, dbus_quick.HEAD.unpack_from(raw)[6])
    at = len(raw) - 6
    body = (400_000 - 8).to_bytes(4, "little") + bytes(400_000 - 4)
    begin = tracemalloc_peak()
    decoded = dbus_quick.decode(head + raw[len(head) : at] + body, 1000)
    assert decoded.unread
    assert tracemalloc_peak() - begin < 4_000_000


def tracemalloc_peak() -> int:
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    return tracemalloc.get_traced_memory()[1]


def test_errors_and_signals() -> None:
    message = returned("s", ("x",), 3)
    message.header.message_type = MessageType.error
    message.header.fields[HeaderFields.error_name] = "a.b.C"
    decoded = dbus_quick.decode(message.serialise(7))
    assert (decoded.kind, decoded.serial, decoded.error, decoded.body) == (dbus_quick.ERROR, 3, "a.b.C", ("x",))
    signal = new_signal(DBusAddress("/a", interface="d.e"), "JobRemoved", "uoss", (1, "/j", "u", "done"))
    decoded = dbus_quick.decode(signal.serialise(7))
    assert (decoded.kind, decoded.member, decoded.body) == (dbus_quick.SIGNAL, "JobRemoved", (1, "/j", "u", "done"))


@given(PLAIN, st.data())
def test_a_cut_message_is_never_read_beyond_its_end(plain: tuple[str, object], data: st.DataObject) -> None:
    raw = returned("v", (plain,), 3).serialise(7)
    cut = raw[: data.draw(st.integers(16, len(raw) - 1))]
    with suppress(ValueError):
        assert dbus_quick.decode(cut).unread
    assert dbus_quick.read_length(cut, 0) == len(raw)


def test_what_is_no_message() -> None:
    assert dbus_quick.read_length(b"l\1", 0) == 0
    with pytest.raises(ValueError, match="not a D-Bus message"):
        dbus_quick.read_length(b"x" * 16, 0)
    for size in (2**31, 127 * 1024 * 1024, BUS_MESSAGE + 1):
        with pytest.raises(ValueError, match="more than the"):
            dbus_quick.read_length(dbus_quick.HEAD.pack(ord("l"), 2, 0, 1, size, 1, 0), 0)
