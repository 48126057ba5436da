"""D-Bus messages without a general codec: a tenth of the time, with limits on what a host may send.

Calls whose arguments are strings are written here, others by jeepney. Everything that arrives is read here, because
jeepney trusts its input.
"""

from functools import lru_cache
from struct import Struct, error
from typing import NamedTuple

from qtctl.adapters import dbus_types
from qtctl.adapters.bounds import BUS_MESSAGE, BUS_VALUES
from qtctl.interfaces.host import BusCall

HEAD = Struct("<BBBBIII")
"""Byte order, type, flags, version, length of the body, serial, length of the header fields."""
HEAD_BIG = Struct(">BBBBIII")
LITTLE, BIG, CALL, RETURN, ERROR, SIGNAL, VERSION = ord("l"), ord("B"), 1, 2, 3, 4, 1
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE = 1, 2, 3, 4, 5, 6, 8

_U, _G, _TEXTS = ord("u"), ord("g"), (ord("s"), ord("o"))
_NAMES = (MEMBER, ERROR_NAME, PATH)
_U32, _U32_BIG = Struct("<I"), Struct(">I")
_PADDING = tuple(b"\0" * count for count in range(8))


class Arrived(NamedTuple):
    """A message: `kind` RETURN, ERROR, SIGNAL or another; `serial` of the call that it answers, or 0.

    Every variant in `body` is replaced by its value. `unread`: why the body cannot be read, or ''. `values`: roughly
    how many values it has. `path`: the object of a signal.
    """

    kind: int
    serial: int
    body: tuple[object, ...]
    error: str
    member: str
    unread: str
    values: int
    path: str = ""


def encode(call: BusCall, serial: int) -> bytes | None:
    """The bytes of a call whose arguments are all strings."""
    if call.signature.strip("s") or len(call.signature) != len(call.body):
        return None
    body = _encode_strings(call.body)
    if body is None or "\0" in call.path:
        return None
    fields = _encode_fixed_fields(call.destination, call.interface, call.member, call.signature) + _encode_field(
        PATH, "o", call.path
    )
    head = HEAD.pack(LITTLE, CALL, 0, VERSION, len(body), serial, len(fields))
    return b"".join((head, fields, _PADDING[-len(fields) % 8], body))


def read_length(buffer: bytes | bytearray, start: int) -> int:
    """The length of the message at `start`; 0 if too little has arrived. ValueError if it is not a message."""
    if len(buffer) - start < HEAD.size:
        return 0
    head = {LITTLE: HEAD, BIG: HEAD_BIG}.get(buffer[start])
    if head is None:
        raise ValueError("not a D-Bus message")
    _, _, _, _, body, _, fields = head.unpack_from(buffer, start)
    if fields + body > BUS_MESSAGE:
        raise ValueError(f"a message of {fields + body} bytes, more than the {BUS_MESSAGE} that are read")
    return int(head.size + fields + -fields % 8 + body)


def decode(raw: bytes, most_values: int = BUS_VALUES) -> Arrived:
    """One whole message. ValueError if its header cannot be read; for its body, `Arrived.unread` says why not."""
    code, kind, _, _, _, _, size = (HEAD if raw[0] == LITTLE else HEAD_BIG).unpack_from(raw)
    order = dbus_types.LITTLE if code == LITTLE else dbus_types.BIG
    made = dbus_types.read_message(raw, most_values)
    end = HEAD.size + size
    try:
        fields = _read_header(made, end, order)
    except (error, IndexError, ValueError) as broken:
        raise ValueError(f"a header that cannot be read: {broken}") from broken
    serial = fields.get(REPLY_SERIAL, 0)
    if not isinstance(serial, int):
        raise ValueError("a header field of another type than D-Bus has")  # noqa: TRY004 - what is wrong is the message
    signature, name, member, path = (_read_text(fields, code) for code in (SIGNATURE, ERROR_NAME, MEMBER, PATH))
    try:
        body, _ = dbus_types.make_reader(signature, order)(made, end + -end % 8)
    except (error, IndexError, ValueError, RecursionError) as broken:
        return Arrived(kind, serial, (), name, member, f"{broken}", most_values - made.left, path)
    return Arrived(kind, serial, body, name, member, "", most_values - made.left, path)


def _read_text(fields: dict[int, object], code: int) -> str:
    found = fields.get(code, "")
    if isinstance(found, str):
        return found
    raise ValueError("a header field of another type than D-Bus has")


def _read_header(message: dbus_types.Message, end: int, order: str) -> dict[int, object]:
    """The header fields that are needed here, by code. Other fields are skipped."""
    fields: dict[int, object] = {}
    u32, at = _U32 if order == dbus_types.LITTLE else _U32_BIG, HEAD.size
    if end > len(message):
        raise IndexError("beyond the end")
    while at < end:
        if message[at + 1] != 1 or message[at + 3] != 0:
            raise ValueError("a field of several types")
        code, kind = message[at], message[at + 2]
        if kind == _U:
            (fields[code],) = u32.unpack_from(message, at + 4)
            at += 8
        elif kind == _G:
            fields[code], after = dbus_types.read_signature(message, at + 4)
            at = after + -after % 8
        elif kind in _TEXTS:
            (size,) = u32.unpack_from(message, at + 4)
            after = at + 9 + size
            if after > end:
                raise IndexError("beyond the end")
            fields[code] = message[at + 8 : after - 1].decode() if code in _NAMES else ""
            at = after + -after % 8
        else:
            raise ValueError("a field of another type than D-Bus has")
    return fields


@lru_cache(maxsize=512)
def _encode_strings(body: tuple[object, ...]) -> bytes | None:
    """The arguments, concatenated; None if one is not a string that D-Bus can carry."""
    out = bytearray()
    for text in body:
        if not isinstance(text, str) or "\0" in text:
            return None
        out += _PADDING[-len(out) % 4]
        out += _encode_text(text)
    return bytes(out)


@lru_cache(maxsize=64)
def _encode_fixed_fields(destination: str, interface: str, member: str, signature: str) -> bytes:
    """All header fields but the path, which comes last, padded so that it can."""
    texts = ((DESTINATION, destination), (INTERFACE, interface), (MEMBER, member))
    fields = [_encode_field(code, "s", text) for code, text in texts]
    if signature:
        fields.append(bytes((SIGNATURE, 1, _G, 0, len(signature))) + signature.encode() + b"\0")
    return b"".join(field + _PADDING[-len(field) % 8] for field in fields)


@lru_cache(maxsize=512)
def _encode_field(code: int, kind: str, text: str) -> bytes:
    return bytes((code, 1, ord(kind), 0)) + _encode_text(text)


def _encode_text(text: str) -> bytes:
    raw = text.encode()
    return _U32.pack(len(raw)) + raw + b"\0"
