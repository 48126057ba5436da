"""The only time a rule knows: when the evidence was taken."""

from datetime import UTC, datetime

from qtctl.errors import InputError
from qtctl.model.facts import Facts


def now_us(facts: Facts) -> int:
    """Microseconds since the epoch. InputError where the evidence does not say when it was taken."""
    try:
        taken = datetime.fromisoformat(facts.taken_at)
    except ValueError as error:
        raise InputError(
            f"the evidence says {facts.taken_at!r} for when it was taken", hint="taken_at is UTC in ISO 8601"
        ) from error
    aware = taken if taken.tzinfo else taken.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)
