"""Small pictures within text, in characters too: a value against its limit, and a value over time."""

from collections.abc import Sequence

from qtctl.reports.blocks import Meter, Tone, Trend

BAR, EMPTY, WIDTH = "█", "░", 10
STEPS = "▁▂▃▄▅▆▇█"
GAP = "·"
FULL, NEAR = 0.95, 0.8
"""Shares from which a value is as good as at its limit, or near it."""


def make_meter(value: float, limit: float, words: str) -> Meter:
    """`limit`: above 0."""
    share = min(max(value / limit, 0.0), 1.0)
    tone = Tone.BAD if value >= limit * FULL else Tone.WARNING if share >= NEAR else Tone.GOOD
    filled = round(share * WIDTH)
    return Meter(f"{BAR * filled}{EMPTY * (WIDTH - filled)} {words}", tone, share, words)


def make_trend(values: Sequence[float | None], words: str, tone: Tone = Tone.NOTE) -> Trend:
    """From the earliest to the latest."""
    return Trend(f"{_draw_steps(values)} {words}", tone, tuple(values), words)


def _draw_steps(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    span = (high - low) or 1.0
    return "".join(GAP if each is None else STEPS[round((each - low) / span * (len(STEPS) - 1))] for each in values)
