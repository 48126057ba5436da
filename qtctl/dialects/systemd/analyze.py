"""The output of `systemd-analyze` in the C.UTF-8 locale without colours: verify, security, calendar (250 to 257)."""

import re
from dataclasses import dataclass

from qtctl.dialects.lines import split_lines

_VERSION = re.compile(r"systemd ([0-9]{1,9})(?![0-9])")
_AT_LINE = re.compile(r"(?P<path>/\S.*?):(?P<line>[0-9]{1,9}): (?P<what>.*)")
_OF_UNIT = re.compile(
    r"(?:Unit )?(?P<unit>[A-Za-z0-9:_.\\@-]+\.[a-z]+)(?::| (?=has a bad unit file setting)) ?(?P<what>.*)"
)
_OVERALL = re.compile(
    r"\S+ Overall exposure level for (?P<unit>\S+): (?P<exposure>[0-9]+\.[0-9]+) (?P<rating>[A-Z]+)\b"
)
_IN_CYCLE = re.compile(r": Found (?:(?P<first>ordering cycle)|dependency) on (?P<unit>\S+)/\S+$")
_OPEN_MARKS = ("✗", "-")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of verify. `path` is the file on the host that `line` refers to; `unit` is "" if none is named."""

    unit: str
    path: str
    line: int | None
    what: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something that a service's sandbox leaves open, and its weight in the exposure, according to systemd."""

    name: str
    what: str
    exposure: float


@dataclass(frozen=True, slots=True)
class Exposed:
    """The verdict of security on one service: 0.0 (closed) to 10.0 (open), in a word, and what is open, worst first."""

    exposure: float
    rating: str
    open: tuple[OpenItem, ...]


@dataclass(frozen=True, slots=True)
class Elapse:
    """A calendar expression as systemd reads it; `never` if it will not elapse again."""

    normalized: str
    never: bool


def parse_version(text: str) -> int | None:
    """The number in the first line of --version."""
    found = _VERSION.match(text)
    return int(found[1]) if found else None


def parse_verify(text: str, root: str) -> tuple[Message, ...]:
    """The messages of verify with --root=`root`, each once, in order."""
    found = (line.strip() for line in split_lines(text.replace(root.rstrip("/") + "/", "/")))
    return tuple(dict.fromkeys(_read_said(line) for line in found if line))


def parse_cycles(text: str) -> tuple[tuple[str, ...], ...]:
    """The ordering cycles that verify found, each once: the units of the cycle in order."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    way: list[str] = []
    for line in split_lines(text):
        step = _IN_CYCLE.search(line)
        if step and step["first"]:
            way = [step["unit"]]
        elif step:
            way.append(step["unit"])
        elif way:
            found.setdefault(frozenset(way), tuple(way))
            way = []
    return tuple(found.values())


def _read_said(line: str) -> Message:
    at = _AT_LINE.fullmatch(line)
    if at:
        return Message(at["path"].rpartition("/")[2], at["path"], int(at["line"]), at["what"])
    of = _OF_UNIT.fullmatch(line)
    return Message(of["unit"], "", None, of["what"]) if of else Message("", "", None, line)


def parse_security(text: str) -> dict[str, Exposed]:
    """Unit → verdict, from the consecutive tables of security. A table that is cut off is left out."""
    found: dict[str, Exposed] = {}
    columns: tuple[int, int] | None = None
    items: list[OpenItem] = []
    for line in split_lines(text):
        if line.split() == ["NAME", "DESCRIPTION", "EXPOSURE"]:
            columns, items = (line.index("DESCRIPTION"), line.index("EXPOSURE")), []
            continue
        overall = _OVERALL.match(line)
        if overall and columns:
            ordered = tuple(sorted(items, key=lambda item: (-item.exposure, item.name)))
            found[overall["unit"]] = Exposed(float(overall["exposure"]), overall["rating"], ordered)
            columns = None
        elif columns and line.startswith(_OPEN_MARKS):
            items += _open_item(line, *columns)
    return found


def _open_item(line: str, what_at: int, exposure_at: int) -> list[OpenItem]:
    weight = line[exposure_at:].strip()
    if not re.fullmatch(r"[0-9]+\.[0-9]+", weight):
        return []
    return [OpenItem(line[1:what_at].strip(), line[what_at:exposure_at].strip(), float(weight))]


def parse_calendar(text: str) -> tuple[Elapse, ...]:
    """The answers of `calendar`, one per expression, in order."""
    found: list[Elapse] = []
    for line in split_lines(text):
        name, _, value = line.strip().partition(": ")
        if name == "Normalized form":
            found.append(Elapse(value, never=False))
        elif name == "Next elapse" and value == "never" and found:
            found[-1] = Elapse(found[-1].normalized, never=True)
    return tuple(found)
