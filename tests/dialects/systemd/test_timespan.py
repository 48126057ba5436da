"""Time spans against the cases of systemd.time(7), and against the systemd-analyze of this machine."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd.timespan import INFINITY, parse_microseconds
from qtctl.errors import InputError

GOOD = {
    "5": 5_000_000,
    "5s": 5_000_000,
    "  2min 30s ": 150_000_000,
    "1y 12month": 2 * 31_557_600 * 1_000_000,
    "55s500ms": 55_500_000,
    "300ms20s 5day": 300_000 + 20_000_000 + 5 * 86_400_000_000,
    "1.5h": 5_400_000_000,
    ".5": 500_000,
    "12.34 .56": 12_900_000,
    "1M": 2_629_800_000_000,
    "1m": 60_000_000,
    "+5 +6ms": 5_006_000,
    "3 us": 3,
    "3 \u00b5s": 3,
    "0": 0,
    "infinity": INFINITY,
}
BAD = [
    "",
    " ",
    "s",
    "-5",
    "5 parsecs",
    "12.34.56",
    "3.",
    "3.s",
    "infinity 5s",
    "+.5",
    "18446744073709551614us",
    "1e3",
    "5S",
    "9" * 20,
    "5\u0663",
]


@pytest.mark.parametrize("span", GOOD)
def test_reads(span: str) -> None:
    assert parse_microseconds(span) == GOOD[span]


@pytest.mark.parametrize("span", BAD)
def test_refuses(span: str) -> None:
    with pytest.raises(InputError, match="time span"):
        parse_microseconds(span)


def _systemd(span: str) -> int | None:
    done = subprocess.run(["systemd-analyze", "timespan", "--", span], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return int(next(line.split(":")[1] for line in done.stdout.splitlines() if "s:" in line))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "0", "90", "1.25", ".5", "3.", "007", ""]),
            st.sampled_from(["", " "]),
            st.sampled_from(["", "s", "min", "ms", "us", "h", "d", "w", "M", "month", "y", "q", "m"]),
            st.sampled_from(["", " "]),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=60, deadline=None)
def test_agrees_with_systemd(parts: list[tuple[str, str, str, str]]) -> None:
    span = "".join("".join(part) for part in parts)
    theirs = _systemd(span)
    if theirs is None:
        with pytest.raises(InputError):
            parse_microseconds(span)
    else:
        assert parse_microseconds(span) == theirs
