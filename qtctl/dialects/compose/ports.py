"""Published ports: the short form ("127.0.0.1:8001:8001/tcp"), the long form, ranges, and variables."""

import re
from collections.abc import Iterator

from qtctl.dialects.compose.types import PortKind, Published

VARIABLE = re.compile(
    r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<word>[^{}]*))?\})", re.ASCII
)
SHORT = re.compile(
    r"^(?:(?P<ip>\[[0-9a-fA-F:.%]+\]|[0-9a-fA-F:.]+?|[A-Za-z][\w.-]*):)??(?:(?P<published>[0-9]+(?:-[0-9]+)?)?:)?"
    r"(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>[A-Za-z]+))?$",
    re.ASCII,
)
RANGE = re.compile(r"^([0-9]{1,5})(?:-([0-9]{1,5}))?$", re.ASCII)
PROTOCOLS = frozenset({"tcp", "udp", "sctp"})
MAX_PORT = 65535
MAX_PUBLISHED = 3 * MAX_PORT
"""Of a whole file: every port of every protocol. A range is as many ports as it names, and may be said often."""


class Malformed(Exception):
    """A port that says nothing one could publish; the loader adds the place."""


def short(raw: str, line: int) -> tuple[Published, ...]:
    """All ports of one short-form text. Malformed where Docker would refuse it too."""
    text, variables = resolve(raw)
    if text is None:
        return (Published(raw, line, PortKind.OPEN, None, None, variables=variables),)
    match = SHORT.match(text)
    if match is None:
        raise Malformed(f"{raw}: not a port")
    ip = (match["ip"] or "").strip("[]")
    return tuple(
        Published(raw, line, kind, published, target, ip, protocol(match["protocol"]), variables)
        for kind, published, target in pairs(raw, match["published"] or "", match["target"])
    )


def long(raw: str, line: int, fields: dict[str, str]) -> tuple[Published, ...]:
    """All ports of one long form: `target`, and perhaps `published`, `host_ip`, `protocol`."""
    texts = {key: resolve(value) for key, value in fields.items()}
    variables = tuple(dict.fromkeys(name for _, names in texts.values() for name in names))
    known = {key: text for key, (text, _) in texts.items() if text is not None}
    if len(known) < len(texts):
        return (Published(raw, line, PortKind.OPEN, None, None, variables=variables),)
    if "target" not in known:
        raise Malformed("a port without target")
    ip, proto = known.get("host_ip", ""), protocol(known.get("protocol"))
    return tuple(
        Published(raw, line, kind, published, target, ip, proto, variables)
        for kind, published, target in pairs(raw, known.get("published", ""), known["target"])
    )


def resolve(raw: str) -> tuple[str | None, tuple[str, ...]]:
    """The text with every `${VAR:-default}` replaced by its default, None where one has none; and the variables."""
    names: list[str] = []
    missing = False

    def default(match: re.Match[str]) -> str:
        nonlocal missing
        names.append(match["plain"] or match["name"])
        if match["how"] in ("-", ":-"):
            return str(match["word"])
        missing = True
        return ""

    text = VARIABLE.sub(default, raw)
    return (None if missing or "$" in text else text), tuple(dict.fromkeys(names))


def protocol(text: str | None) -> str:
    name = (text or "tcp").lower()
    if name not in PROTOCOLS:
        raise Malformed(f"{name}: not a protocol")
    return name


def pairs(raw: str, published: str, target: str) -> Iterator[tuple[PortKind, int | None, int]]:
    """(kind, published, target) of each port: ranges of one length go side by side, as Docker pairs them."""
    inside = bounds(raw, target)
    if published in ("", "0"):
        yield from ((PortKind.CHOSEN, None, port) for port in inside)
        return
    outside = bounds(raw, published)
    if len(outside) == len(inside):
        yield from ((PortKind.FIXED, out, port) for out, port in zip(outside, inside, strict=True))
        return
    if len(inside) != 1:
        raise Malformed(f"{raw}: ranges of different lengths")
    yield PortKind.CHOSEN, None, inside[0]


def bounds(raw: str, text: str) -> range:
    match = RANGE.match(text)
    if match is None:
        raise Malformed(f"{raw}: not a port")
    first = int(match[1])
    last = int(match[2] or match[1])
    if not 1 <= first <= last <= MAX_PORT:
        raise Malformed(f"{raw}: not a port from 1 to {MAX_PORT}")
    return range(first, last + 1)
