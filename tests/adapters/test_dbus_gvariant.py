"""GLib's values are jeepney's, both ways, of every type: each reads what the other wrote."""

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jeepney.low_level import Parser

from tests.adapters.jeepneys import unwrapped
from tests.adapters.test_dbus_quick import DEEP, returned
from tests.machine import need_pydbus


@pytest.fixture(scope="module")
def gvariant() -> ModuleType:
    need_pydbus()
    from qtctl.adapters import dbus_gvariant

    return dbus_gvariant


@given(st.lists(DEEP, max_size=3))
def test_what_jeepney_writes(gvariant: ModuleType, values: list[tuple[str, Any]]) -> None:
    from gi.repository import Gio

    message = returned("".join(kind for kind, _ in values), tuple(value for _, value in values), 3)
    read = Gio.DBusMessage.new_from_blob(message.serialise(7), Gio.DBusCapabilityFlags.NONE).get_body()
    assert repr(gvariant.unpack(read) if read is not None else ()) == repr(unwrapped(message))


@given(st.lists(DEEP, min_size=1, max_size=3))
def test_what_jeepney_reads(gvariant: ModuleType, values: list[tuple[str, Any]]) -> None:
    from gi.repository import Gio

    call = Gio.DBusMessage.new_method_call("b.c", "/a", "d.e", "F")
    signature, body = "".join(kind for kind, _ in values), tuple(value for _, value in values)
    call.set_serial(3)
    call.set_body(gvariant.pack(f"({signature})", body))
    (read,) = Parser().feed(call.to_blob(Gio.DBusCapabilityFlags.NONE))
    assert repr(unwrapped(read)) == repr(unwrapped(returned(signature, body, 3)))


@pytest.mark.parametrize(("kind", "value"), [("s", "nul\0"), ("as", ["x", "\0"]), ("v", ("a{sv}", {"k": ("s", "\0")}))])
def test_a_nul_is_not_cut_off(gvariant: ModuleType, kind: str, value: object) -> None:
    with pytest.raises(ValueError, match="NUL"):
        gvariant.pack(kind, value)
