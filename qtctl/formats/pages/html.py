"""HTML: one page for a browser, with everything in it, which asks nothing of any network.

What it may do is a policy in its own head: only the style and the script that ship with qtctl, by their digests. All
text is escaped by the template engine, after whatever a terminal would not show has become visible.
"""

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from qtctl.dialects import terminal
from qtctl.reports.blocks import Column, Section, Title, split_parts
from qtctl.reports.phrases import NONE
from qtctl.reports.sheet import Chapter, Sheet
from qtctl.reports.view import View

if TYPE_CHECKING:
    from jinja2 import Template

POINTS = (72.0, 16.0)
"""Width and height of a trend, in pixels."""


def write(view: View) -> str:
    sheet = view.sheet() if view.sheet is not None else _make_sheet(view)
    return _load_template().render(
        sheet=sheet,
        chapters=[each for each in sheet.chapters if each.body or each.drawings],
        style=_read("page.css"),
        script=_read("page.js"),
        policy=_make_policy(),
    )


def _make_sheet(view: View) -> Sheet:
    """Of a report that has none: its page, each section a chapter."""
    blocks = view.page()
    title = next((block.text for block in blocks if isinstance(block, Title)), view.name)
    intro = tuple(block for block in blocks if not isinstance(block, Title | Section))
    chapters = (Chapter(_flatten(block.title), block.body) for block in blocks if isinstance(block, Section))
    return Sheet(title=_flatten(title), chapters=(Chapter("", intro), *chapters))


def _flatten(text: Any) -> str:  # noqa: ANN401 - Text
    return "".join(part if isinstance(part, str) else getattr(part, "text", " ") for part in split_parts(text))


@cache
def _load_template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - takes long to load

    engine = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_make_visible
    )
    engine.filters.update(kind=_name_kind, parts=split_parts, flat=_flatten, points=_place_points, head=_name_column)
    engine.tests["right"] = lambda column: isinstance(column, Column) and column.right
    engine.globals["dash"] = NONE
    return engine.from_string(_read("page.html.j2"))


def _make_visible(value: object) -> object:
    return terminal.show_line(value) if type(value) is str else value


def _name_kind(value: object) -> str:
    return type(value).__name__


def _name_column(column: str | Column) -> str:
    return column.name if isinstance(column, Column) else column


def _place_points(values: Iterable[float | None]) -> str:
    """A line through the values that are known, for an SVG path; a gap where one is not."""
    every = tuple(values)
    known = [value for value in every if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    width, height = POINTS
    between = (width - 4) / max(len(every) - 1, 1)
    path, pen = [], "M"
    for number, value in enumerate(every):
        if value is None:
            pen = "M"
            continue
        share = (value - low) / (high - low) if high > low else 0.5
        path.append(f"{pen}{2 + number * between:.1f},{height - 2 - share * (height - 4):.1f}")
        pen = "L"
    return " ".join(path)


@cache
def _read(name: str) -> str:
    return (files("qtctl.data") / "page" / name).read_text(encoding="utf-8")


@cache
def _make_policy() -> str:
    """Of the page's content: nothing is loaded, sent or framed, and only these two texts are applied and run."""
    style, script = (b64encode(sha256(_read(name).encode()).digest()).decode() for name in ("page.css", "page.js"))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
