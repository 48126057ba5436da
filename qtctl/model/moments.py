"""Moments: microseconds since the epoch, as systemd counts them, and ISO 8601, as evidence is dated."""

from datetime import UTC, datetime, timedelta

from qtctl.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = 253_402_300_800 * 1_000_000
"""The year 10000. systemd says "no such time" as 2**64 - 1, and a file's time may be set to anything."""


def parse_microseconds(text: str) -> int:
    """From a time in ISO 8601; one without a zone is UTC. InputError if it is not a time."""
    try:
        taken = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a time", hint="evidence is dated in UTC, in ISO 8601") from error
    aware = taken if taken.tzinfo else taken.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def shift_time(text: str, by_us: int) -> str:
    """A time in ISO 8601, later by that many microseconds; unchanged if no calendar has the result.

    InputError: no time.
    """
    found = make_moment(parse_microseconds(text) + by_us)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z") if found else text


def make_moment(us: int) -> datetime | None:
    """In UTC; None for "never", and for times that no calendar has."""
    return _EPOCH + timedelta(microseconds=us) if 0 < us < NEVER else None


def write_moment(us: int) -> str:
    """2026-11-30 20:02:56Z."""
    at = make_moment(us)
    return f"{at:%Y-%m-%d %H:%M:%SZ}" if at else "an impossible time"
