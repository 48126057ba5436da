"""Lines of journals, and what became of hosts, as JSON objects: one a line, or all of them in an array."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from qtctl.dialects import terminal
from qtctl.model.log_line import PRIORITIES, HostLog, LogLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999_999
"""Microseconds: the last moment that has four digits for its year."""


def write_object(each: LogLine | HostLog) -> str:
    """One line without its end, in which nothing does anything to a terminal."""
    document = _describe_line(each) if isinstance(each, LogLine) else _describe_host(each)
    text = json.dumps(document, separators=(",", ":"))
    return text if text.isprintable() else terminal.show_json(text)


def write_array(every: Iterable[LogLine | HostLog]) -> Iterator[str]:
    """A JSON document in pieces: an object a line."""
    yield "["
    for number, each in enumerate(every):
        yield f"{',' if number else ''}\n{write_object(each)}"
    yield "\n]\n"


def write_moment(at: int) -> str:
    """ISO 8601, UTC, to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=min(max(at, 0), _LATEST))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"


def _describe_line(line: LogLine) -> dict[str, object]:
    return {
        "kind": "line",
        "at": write_moment(line.at),
        "host": line.host,
        "service": line.service,
        "unit": line.unit,
        "priority": None if line.priority is None else PRIORITIES[line.priority],
        "pid": line.pid,
        "message": line.message,
        "stamped": write_moment(line.stamped),
    }


def _describe_host(host: HostLog) -> dict[str, object]:
    clock = host.clock
    return {
        "kind": "host",
        "host": host.host,
        "state": host.state.value,
        "why": host.why,
        "hint": host.hint,
        "clock_ahead_us": None if clock is None else clock.ahead,
        "clock_within_us": None if clock is None else clock.within,
        "left_out": host.left_out,
    }
