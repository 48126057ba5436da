"""Published ports of a loaded service: how sure each is, and the text that says it."""

import re
from collections.abc import Iterator
from typing import Any, Final

from qtctl.dialects.compose.short_forms import MAX_PORT
from qtctl.dialects.compose.types import PortKind, Published
from qtctl.dialects.compose.values import Table, Text, find_place, list_services
from qtctl.errors import InputError

Value = Any
MAX_PUBLISHED: Final = 3 * MAX_PORT
"""Of a project: every port of every protocol. A range counts as many ports, and may be repeated often."""
_RANGE: Final = re.compile(r"(?:[^-]*:)?([0-9]{1,5})-([0-9]{1,5})(?:/[a-z]+)?", re.ASCII | re.IGNORECASE)


def check_number(model: Table) -> None:
    """InputError, before ranges are expanded, if there would be too many ports."""
    total = 0
    for name, service in list_services(model):
        entries = service.get("ports")
        for entry in entries if isinstance(entries, list) else ():
            match = _RANGE.search(entry.rpartition(":")[2]) if isinstance(entry, str) else None
            total += max(1, int(match[2]) - int(match[1]) + 1) if match else 1
            if total > MAX_PUBLISHED:
                what = f"service {name}: ports: more than {MAX_PUBLISHED} ports"
                hint = "publish ranges, each of them once"
                raise InputError(what, hint=hint, place=find_place(entry, service.line_of("ports")))


def list_published(service: Table, file: str) -> Iterator[Published]:
    """Every port of a service. `line` is 1 if it is in another file than `file`."""
    for port in service.get("ports") or ():
        yield _make_published(port, file)


def _make_published(port: Table, file: str) -> Published:
    texts = [port.short] if port.short is not None else [each for each in port.values() if isinstance(each, Text)]
    raw = port.short.raw if port.short is not None else _format_raw(port)
    variables = tuple(dict.fromkeys(name for text in texts for name in text.variables))
    place = port.short.place if port.short is not None else port.place
    line = (place.line or 1) if place.file == file else 1
    if any(text.unset for text in texts):
        return Published(raw, line, PortKind.OPEN, None, None, variables=variables)
    outside = _parse_fixed(str(port.get("published") or ""))
    return Published(
        raw,
        line,
        PortKind.CHOSEN if outside is None else PortKind.FIXED,
        outside,
        int(port.get("target") or 0),
        str(port.get("host_ip") or ""),
        str(port.get("protocol") or "tcp"),
        variables,
    )


def _format_raw(port: Table) -> str:
    shown = {
        key: getattr(port[key], "raw", port[key])
        for key in ("target", "published", "host_ip", "protocol")
        if key in port
    }
    return ", ".join(f"{key}: {value}" for key, value in shown.items())


def _parse_fixed(text: str) -> int | None:
    """None if Docker chooses the port: no number, 0, or a range."""
    first, _, last = text.partition("-")
    number = int(first) if first.isdecimal() and first.isascii() and len(first) <= len(str(MAX_PORT)) else 0
    return number if 0 < number <= MAX_PORT and last in ("", first) else None
