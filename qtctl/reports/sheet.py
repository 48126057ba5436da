"""A report as a page for a browser: more than its text, and nothing of how it is drawn.

A report that has no sheet is shown as its blocks.
"""

from dataclasses import dataclass

from qtctl.reports.blocks import Blocks, Text, Tone


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is seen first. `picks`: the rows that it counts, by a word of theirs; '' for none."""

    name: str
    number: int
    tone: Tone | None = None
    picks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A check that does not hold. `kind`: broken, waived, unknown, not-asked. `proof`: commands and what they printed.

    `notes`: sentences about it. `depth`: of what follows from the one before it.
    """

    kind: str
    severity: str
    id: str
    host: str
    subject: str
    title: str = ""
    depth: int = 0
    expected: str = ""
    observed: str = ""
    declared: str = ""
    proof: tuple[tuple[str, str], ...] = ()
    remedy: str = ""
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Checks of one kind that nothing else explains, and what follows from them. `open`: its rows are seen at once."""

    kind: str
    severity: str
    id: str
    title: str
    about: str = ""
    rows: tuple[Row, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture. `markup`: SVG that qtctl drew, with every name in it escaped. `about`: how to read it."""

    title: str
    markup: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """`title`: plain text, unique in its sheet."""

    title: str
    body: Blocks = ()
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of several things of a kind, closed until somebody opens it. `about`: what is seen while it is closed."""

    name: str
    verdict: str
    tone: Tone
    about: str = ""
    chapters: tuple[Chapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Members:
    """Each is a page of its own within the page. `note`: which of them are here, if not all."""

    title: str = ""
    note: Text = ""
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`at`: UTC, ISO 8601, the moment that it is about; '' if there is none. `hosts`: whether rows name theirs."""

    title: str
    verdict: str = ""
    tone: Tone | None = None
    headline: Text = ""
    origin: Text = ""
    at: str = ""
    tiles: tuple[Tile, ...] = ()
    causes: tuple[Cause, ...] = ()
    judged: bool = False
    hosts: bool = False
    chapters: tuple[Chapter, ...] = ()
    each: Members = Members()
