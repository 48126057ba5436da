"""Small pictures: a value against its limit, and a value over time, in characters."""

import pytest

from qtctl.formats.markdown import write_running_text
from qtctl.reports.blocks import Tone
from qtctl.reports.pictures import make_meter, make_trend


@pytest.mark.parametrize(
    ("value", "limit", "drawn", "tone"),
    [
        (0, 100, "░░░░░░░░░░ x", Tone.GOOD),
        (50, 100, "█████░░░░░ x", Tone.GOOD),
        (80, 100, "████████░░ x", Tone.WARNING),
        (95, 100, "██████████ x", Tone.BAD),
        (4200, 1000, "██████████ x", Tone.BAD),
    ],
)
def test_a_value_against_its_limit(value: int, limit: int, drawn: str, tone: Tone) -> None:
    made = make_meter(value, limit, "x")
    assert (made.text, made.tone) == (drawn, tone)
    assert 0 <= made.share <= 1


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((0, 7, 3.5), "▁█▅ x"),
        ((4, 4), "▁▁ x"),
        ((1, None, 2), "▁·█ x"),
        ((None,), "· x"),
        ((), " x"),
    ],
)
def test_a_value_over_time(values: tuple[float | None, ...], drawn: str) -> None:
    assert make_trend(values, "x").text == drawn


def test_markdown_shows_them_as_characters() -> None:
    assert write_running_text(make_trend((1, 2), "1 → 2")) == "▁█ 1 → 2"
