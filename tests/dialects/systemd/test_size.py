"""Sizes by the cases that systemd's own test-parse-util has."""

import pytest

from qtctl.dialects.systemd.size import INFINITY, parse_bytes
from qtctl.errors import InputError

GOOD = {
    "111": 111,
    "111.4": 111,
    " 112 B": 112,
    "3K": 3 * 1024,
    "1.5G": 3 * 512 * 1024**2,
    "3.5K": 3 * 1024 + 512,
    "3. K": 3 * 1024,
    "3.0K": 3 * 1024,
    "3 K 11": 3 * 1024 + 11,
    "1G 512M": 1024**3 + 512 * 1024**2,
    "12P": 12 * 1024**5,
    "+1G +1M": 1024**3 + 1024**2,
    "0": 0,
    "infinity": INFINITY,
}
BAD = ["", "G", "1M2M", "12 12", "-1K", "1KiB", "5G3X", "50%", "1e3", "17E", "0x10", "1g"]


@pytest.mark.parametrize("size", GOOD)
def test_reads(size: str) -> None:
    assert parse_bytes(size) == GOOD[size]


@pytest.mark.parametrize("size", BAD)
def test_refuses(size: str) -> None:
    with pytest.raises(InputError, match="not a size"):
        parse_bytes(size)
