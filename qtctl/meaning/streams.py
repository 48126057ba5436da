"""What the state of a Redis stream means: how old it is, and whether a consumer group keeps up."""

from qtctl.model.facts import Stream, StreamGroup


def age_us(stream: Stream, asked_us: int) -> int | None:
    """Microseconds since the newest entry, 0 for one of the future. None for a stream that never had an entry.

    Entry ids carry the Redis server's clock, `asked_us` that of who asked: a skew between the two adds up here.
    """
    return max(0, asked_us - stream.last_ms * 1000) if stream.last_ms > 0 else None


def is_over_lag(group: StreamGroup, max_lag: int) -> bool | None:
    """None where Redis cannot tell the lag: unknown, and not 0."""
    return None if group.lag is None else group.lag > max_lag


def is_over_pending(group: StreamGroup, max_pending: int | None) -> bool:
    return max_pending is not None and group.pending > max_pending
