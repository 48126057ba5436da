"""Moments as an operator writes them."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.moments import parse_moment
from qtctl.errors import InputError

NOW = datetime(2026, 11, 30, 9, 15, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-11-30T07:15:30+00:00"),
        ("-1h", "2026-11-30T06:15:30+00:00"),
        ("-1h 30min", "2026-11-30T05:45:30+00:00"),
        ("10 min ago", "2026-11-30T07:05:30+00:00"),
        ("today", "2026-11-30T00:00:00+02:00"),
        ("yesterday", "2026-11-29T00:00:00+02:00"),
        ("08:30", "2026-11-30T08:30:00+02:00"),
        ("8:30:15", "2026-11-30T08:30:15+02:00"),
        ("2026-11-29", "2026-11-29T00:00:00+02:00"),
        ("2026-11-29 08:30", "2026-11-29T08:30:00+02:00"),
        ("2026-11-29T08:30:00.25Z", "2026-11-29T08:30:00.25+00:00"),
        ("@1764460800.5", "2025-11-30T00:00:00.5+00:00"),
    ],
)
def test_a_moment(text: str, moment: str) -> None:
    assert parse_moment(text, NOW) == round(datetime.fromisoformat(moment).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    "text", ["", "1h", "-1x", "-infinity", "soon", "25:00", "2026-13-01", "@", "-", "-99999999y", " ago"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InputError, match="is not a point in time"):
        parse_moment(text, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_an_error(text: str) -> None:
    try:
        assert isinstance(parse_moment(text, NOW), int)
    except InputError:
        return
