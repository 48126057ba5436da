"""D-Bus values: what goes in comes out, with variants gone."""

from hypothesis import given
from hypothesis import strategies as st
from jeepney import HeaderFields
from jeepney.low_level import Parser

from qtctl.adapters.dbus_values import encode
from qtctl.interfaces.host import BusCall
from tests.adapters.jeepneys import unwrapped

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NUMBER = st.integers(0, 2**64 - 1)

# A variant as jeepney writes it, beside the plain value that must come out.
SIMPLE = st.one_of(
    TEXT.map(lambda text: (("s", text), text)),
    NUMBER.map(lambda number: (("t", number), number)),
    st.booleans().map(lambda truth: (("b", truth), truth)),
    st.lists(TEXT, max_size=3).map(lambda texts: (("as", texts), texts)),
    st.tuples(TEXT, NUMBER).map(lambda pair: (("(st)", pair), pair)),
)
VARIANT = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        inner.map(lambda one: (("v", one[0]), one[1])),
        st.lists(inner, max_size=3).map(lambda many: (("av", [a for a, _ in many]), [b for _, b in many])),
        st.dictionaries(TEXT, inner, max_size=3).map(
            lambda table: (
                ("a{sv}", {key: a for key, (a, _) in table.items()}),
                {key: b for key, (_, b) in table.items()},
            )
        ),
    ),
    max_leaves=8,
)


@given(VARIANT, st.integers(1, 2**32 - 1))
def test_variants_are_unwrapped(value: tuple[object, object], serial: int) -> None:
    written, plain = value
    call = BusCall("/a/b", "org.example.I", "M", "sv(sv)", ("x", written, ("y", written)))
    (message,) = Parser().feed(encode(call, serial))
    assert message.header.serial == serial
    assert message.header.fields[HeaderFields.destination] == "org.freedesktop.systemd1"
    assert unwrapped(message) == ("x", plain, ("y", plain))


def test_no_body() -> None:
    (message,) = Parser().feed(encode(BusCall("/", "org.example.I", "M"), 1))
    assert unwrapped(message) == ()
