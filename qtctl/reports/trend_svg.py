"""Trends of a timeline as SVG: a small chart a series, without scripts, the same bytes for the same report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from qtctl.dialects import terminal
from qtctl.model.evolution import Point
from qtctl.model.snapshot import RowKind

WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 96, 150, 44, 18
"""Pixels: of the plot of one series, room for its name, for the title, and between two."""
INK, GRID, LINE = "#1a202c", "#e2e8f0", "#2b6cb0"
WORSE = "#c53030"
STYLE = (
    "text { font: 12px Helvetica, Arial, sans-serif; fill: #1a202c; } .title { font-size: 16px; font-weight: bold; }"
)


@dataclass(frozen=True, slots=True)
class Series:
    """`values`: one per point; None if that source does not say."""

    name: str
    values: tuple[int | None, ...]
    colour: str = LINE


def draw(points: Sequence[Point], title: str) -> str:
    """Numbers of rows by kind, of services that run and that failed."""
    series = tuple(_list_series(points))
    height = TOP + len(series) * (HEIGHT + GAP) + 30
    width = LEFT + WIDTH + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="16" y="28">{_escape(title)}</text>',
    ]
    for number, each in enumerate(series):
        parts += _plot(each, TOP + number * (HEIGHT + GAP), points)
    bottom = height - 10
    parts.append(f'<text x="{LEFT}" y="{bottom}">{_escape(points[0].label)}</text>')
    parts.append(f'<text x="{LEFT + WIDTH}" y="{bottom}" text-anchor="end">{_escape(points[-1].label)}</text>')
    return "\n".join((*parts, "</svg>")) + "\n"


def _list_series(points: Sequence[Point]) -> Iterator[Series]:
    yield Series("running services", tuple(each.count_services("running") for each in points))
    down = tuple(each.count_services("failed", "auto_restart") for each in points)
    yield Series("failed services", down, WORSE)
    for kind in RowKind:
        values = tuple(each.counts.get(kind) for each in points)
        if any(value is not None for value in values):
            yield Series(f"{kind.value}s", values, WORSE if kind is RowKind.FINDING else LINE)


def _plot(series: Series, top: int, points: Sequence[Point]) -> Iterator[str]:
    known = [value for value in series.values if value is not None] or [0]
    low, high = min(known), max(known)
    bottom = top + HEIGHT
    yield f'<line x1="{LEFT}" y1="{bottom}" x2="{LEFT + WIDTH}" y2="{bottom}" stroke="{GRID}"/>'
    yield f'<text x="16" y="{top + HEIGHT / 2:.1f}">{_escape(series.name)}</text>'
    yield f'<text x="{LEFT - 8}" y="{bottom}" text-anchor="end">{low}</text>'
    if high > low:
        yield f'<text x="{LEFT - 8}" y="{top + 12}" text-anchor="end">{high}</text>'
    for run in _list_runs(series, top, low, high):
        if run[1:]:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in run)
            yield f'<polyline points="{line}" fill="none" stroke="{series.colour}" stroke-width="2"/>'
        for x, y, value, number in run:
            said = _escape(f"{points[number].label}: {value}")
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{series.colour}"><title>{said}</title></circle>'
    if (last := series.values[-1]) is not None:
        yield f'<text x="{LEFT + WIDTH + 10}" y="{_compute_y(last, top, low, high) + 4:.1f}">{last}</text>'


def _list_runs(series: Series, top: int, low: int, high: int) -> list[list[tuple[float, float, int, int]]]:
    """Stretches without a gap: no line is drawn where a source has no value."""
    between = WIDTH / max(len(series.values) - 1, 1)
    found: list[list[tuple[float, float, int, int]]] = [[]]
    for number, value in enumerate(series.values):
        if value is None:
            found.append([])
        else:
            found[-1].append((LEFT + number * between, _compute_y(value, top, low, high), value, number))
    return [run for run in found if run]


def _compute_y(value: int, top: int, low: int, high: int) -> float:
    part = (value - low) / (high - low) if high > low else 0.0
    return top + HEIGHT - part * (HEIGHT - 8)


def _escape(text: str) -> str:
    return escape(terminal.show_line(text))
