"""Lines of journals at a terminal and in a pipe: when, where, which service, what."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from qtctl.cli.output import make_harmless, may_paint, write_lines
from qtctl.model.log_line import LogLine

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
"""SGR, one after the other for services by name. Red is for errors."""
ERROR, WARNING = 3, 4
_WIDEST = 28
"""Columns for a service's name; a longer one takes what it needs."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 32_503_680_000
"""Seconds: the year 3000, in every time zone."""


class LinePrinter:
    """Prints lines of these hosts and services. The host is shown if there are several."""

    def __init__(self, hosts: Iterable[str], services: Iterable[str]) -> None:
        names, known = sorted(set(services)), sorted(set(hosts))
        self._paints = may_paint()
        self._colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
        self._heads: dict[tuple[str, str], str] = {}
        self._host_width = max(map(len, known), default=0) if len(known) > 1 else 0
        self._width = min(_WIDEST, max(map(len, names), default=0))

    def print(self, lines: Iterable[LogLine]) -> None:
        write_lines(map(self._format, lines))

    def _format(self, line: LogLine) -> str:
        second, fraction = divmod(line.at, 1_000_000)
        head = self._heads.get((line.host, line.service))
        if head is None:
            head = self._heads[line.host, line.service] = self._format_head(line)
        message = make_harmless(line.message)
        if self._paints and line.priority is not None and line.priority <= WARNING:
            message = _paint(message, "31" if line.priority <= ERROR else "33")
        return f"{format_second(second)}.{fraction // 1000:03d} {head}  {message}"

    def _format_head(self, line: LogLine) -> str:
        service = make_harmless(line.service).ljust(self._width)
        if self._paints:
            service = _paint(service, self._colours.get(line.service, COLOURS[0]))
        return f"{make_harmless(line.host).ljust(self._host_width)} {service}" if self._host_width else service


@lru_cache(maxsize=4096)
def format_second(second: int) -> str:
    """Month, day and time of day, in the time zone of the terminal."""
    return f"{(_EPOCH + timedelta(seconds=min(max(second, 0), _LATEST))).astimezone():%m-%d %H:%M:%S}"


def _paint(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"
