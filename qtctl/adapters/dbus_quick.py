"""The two D-Bus messages that an audit sends and gets a thousand times, without a general codec: a tenth of the time.

A method call whose arguments are strings, and a return. Everything else is `None` here, and jeepney's: other arguments,
errors, signals, the other byte order, and what cannot be read.
"""

from functools import lru_cache
from struct import Struct, error

from qtctl.adapters.dbus_types import readers, signature_at
from qtctl.ports.host import BusCall, BusReply

HEAD = Struct("<BBBBIII")
"""Byte order, type, flags, version, length of the body, serial, length of the header fields."""
HEAD_BIG = Struct(">BBBBIII")
LITTLE, BIG, CALL, RETURN, VERSION = ord("l"), ord("B"), 1, 2, 1
LONGEST = 128 * 1024 * 1024
PATH, INTERFACE, MEMBER, REPLY_SERIAL, DESTINATION, SIGNATURE = 1, 2, 3, 5, 6, 8

_U, _G = ord("u"), ord("g")
_U32 = Struct("<I")
_PADDING = tuple(b"\0" * count for count in range(8))


def encode(call: BusCall, serial: int) -> bytes | None:
    """The bytes of a call whose arguments are all strings."""
    if call.signature.strip("s") or len(call.signature) != len(call.body):
        return None
    body = _strings(call.body)
    if body is None or "\0" in call.path:
        return None
    fields = _fixed_fields(call.destination, call.interface, call.member, call.signature) + _field(PATH, "o", call.path)
    head = HEAD.pack(LITTLE, CALL, 0, VERSION, len(body), serial, len(fields))
    return b"".join((head, fields, _PADDING[-len(fields) % 8], body))


def length(buffer: bytes | bytearray, start: int) -> int:
    """Of the message at `start`; 0 where it is not known yet. ValueError for what is no message."""
    if len(buffer) - start < HEAD.size:
        return 0
    head = {LITTLE: HEAD, BIG: HEAD_BIG}.get(buffer[start])
    if head is None:
        raise ValueError("not a D-Bus message")
    _, _, _, _, body, _, fields = head.unpack_from(buffer, start)
    if max(fields, body) > LONGEST:
        raise ValueError("a message longer than D-Bus allows")
    return int(head.size + fields + -fields % 8 + body)


def decode(message: bytes) -> tuple[int, BusReply] | None:
    """Serial of the call, and its reply with every variant replaced by its value, where the message is a return."""
    order, kind, _, _, _, _, fields = HEAD.unpack_from(message)
    if order != LITTLE or kind != RETURN:
        return None
    try:
        serial, signature = _header(message, HEAD.size + fields)
        at = HEAD.size + fields + -fields % 8
        body, _ = readers(signature)(message, at)
        return (serial, BusReply(body)) if serial else None
    except (error, IndexError, ValueError, RecursionError):
        return None


def _header(message: bytes, end: int) -> tuple[int, str]:
    serial, signature, at = 0, "", HEAD.size
    while at < end:
        code, kind = message[at], message[at + 2]
        if kind == _U:
            (value,) = _U32.unpack_from(message, at + 4)
            if code == REPLY_SERIAL:
                serial = value
            at += 8
        elif kind == _G:
            text, after = signature_at(message, at + 4)
            if code == SIGNATURE:
                signature = text
            at = after + -after % 8
        else:  # s, o
            (size,) = _U32.unpack_from(message, at + 4)
            after = at + 9 + size
            at = after + -after % 8
    return serial, signature


@lru_cache(maxsize=512)
def _strings(body: tuple[object, ...]) -> bytes | None:
    """The arguments one after the other; None where one is not a string that D-Bus can carry."""
    out = bytearray()
    for text in body:
        if not isinstance(text, str) or "\0" in text:
            return None
        out += _PADDING[-len(out) % 4]
        out += _counted(text)
    return bytes(out)


@lru_cache(maxsize=64)
def _fixed_fields(destination: str, interface: str, member: str, signature: str) -> bytes:
    """All header fields but the path, which comes last, padded so that it can."""
    texts = ((DESTINATION, destination), (INTERFACE, interface), (MEMBER, member))
    fields = [_field(code, "s", text) for code, text in texts]
    if signature:
        fields.append(bytes((SIGNATURE, 1, _G, 0, len(signature))) + signature.encode() + b"\0")
    return b"".join(field + _PADDING[-len(field) % 8] for field in fields)


@lru_cache(maxsize=512)
def _field(code: int, kind: str, text: str) -> bytes:
    return bytes((code, 1, ord(kind), 0)) + _counted(text)


def _counted(text: str) -> bytes:
    raw = text.encode()
    return _U32.pack(len(raw)) + raw + b"\0"
