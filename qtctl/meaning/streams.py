"""What the state of a Redis stream means: how old it is, whether a consumer group keeps up, and what it has lost."""

from dataclasses import dataclass

from qtctl.model.store_facts import StoreClock, Stream, StreamConsumers, StreamGroup, StreamPending

FIRST_STREAM_MS = 1_514_764_800_000
"""2018: no Redis before it had streams."""
LAST_ID = "18446744073709551615-18446744073709551615"
AHEAD_MS = 1_000
"""How far an id may be ahead of the server's clock, which may have been set back by that much."""


@dataclass(frozen=True, slots=True)
class Age:
    """Microseconds since the newest entry, None if it never had one. `unknown`: why it cannot be told, or ''."""

    us: int | None
    unknown: str = ""


def measure_age(stream: Stream, clock: StoreClock) -> Age:
    """By the clock of the server that stamped the entries, as far as a clock explains their ids."""
    if stream.last_ms == 0:
        return _make_empty_age(stream)
    if stream.last_ms < FIRST_STREAM_MS:
        return Age(None, f"the newest id {stream.last_id} is not a time in milliseconds: it was made by another clock")
    if stream.last_ms > clock.now_us // 1000 + AHEAD_MS:
        return Age(None, f"the newest id {stream.last_id} is ahead of the clock of Redis")
    return Age(max(0, clock.now_us - stream.last_ms * 1000))


def _make_empty_age(stream: Stream) -> Age:
    if stream.last_id == "0-0":
        return Age(None)
    return Age(None, f"the newest id {stream.last_id} is not a time in milliseconds")


def parse_id(text: str) -> tuple[int, int]:
    """An id as numbers, which compare as Redis compares ids. `text` has passed `plausible`."""
    ms, _, number = text.partition("-")
    return int(ms), int(number)


def measure_lag(stream: Stream, group: StreamGroup) -> int | None:
    """Entries of the stream that the group was never given. None if Redis cannot tell.

    Redis before 8.0.3 miscounts after entries were trimmed or deleted before the group (redis#13337, redis#13957): a
    group that was given the newest entry has no lag, and no group lags by more than there is.
    """
    if parse_id(group.last_delivered_id) >= parse_id(stream.last_id):
        return 0
    return None if group.lag is None else min(group.lag, stream.length)


def is_exhausted(stream: Stream) -> bool:
    """Whether no entry can be added any more: the newest id is the largest that there is."""
    return stream.last_id == LAST_ID


def measure_skipped_us(stream: Stream, group: StreamGroup, consumers: StreamConsumers, clock: StoreClock) -> int | None:
    """How much younger the group's place is than the last read of any of its consumers; None if it was not moved.

    Redis forgets how many entries a group has read when it is moved by hand, until it reads again. If its place is an
    entry that was added after anybody last read, then nobody was given that entry. XDEL makes Redis forget, too.
    """
    if stream.added is None or group.entries_read is not None or stream.deleted_id not in ("", "0-0"):
        return None
    if not consumers.idle_ms or consumers.count > len(consumers.idle_ms):
        return None
    place_ms, now_ms = parse_id(group.last_delivered_id)[0], clock.now_us // 1000
    ahead_ms = place_ms - (now_ms - min(consumers.idle_ms.values()))
    return ahead_ms * 1000 if FIRST_STREAM_MS < place_ms <= now_ms + AHEAD_MS and ahead_ms > AHEAD_MS else None


def is_out_of_reach(stream: Stream, group: StreamGroup, clock: StoreClock) -> bool:
    """Whether the group was set to an id that no entry has yet: it is given none until the clock gets there.

    An entry that was added and delivered after the stream was asked about has the time of the clock.
    """
    place = parse_id(group.last_delivered_id)
    return place > parse_id(stream.last_id) and place[0] > clock.now_us // 1000 + AHEAD_MS


def is_miscounted(stream: Stream, group: StreamGroup) -> bool:
    """Whether Redis's lag is too large: the group is past the first entry, but counts fewer than are gone.

    That stays so after the group has caught up, as long as it exists: entries were trimmed before it.
    """
    if stream.added is None or group.entries_read is None or not (stream.length and stream.first_id):
        return False
    place = parse_id(group.last_delivered_id)
    passed = parse_id(stream.first_id) <= place and parse_id(stream.deleted_id or "0-0") <= place
    return passed and group.entries_read < stream.added - stream.length


def estimate_lag(stream: Stream, group: StreamGroup) -> int:
    """Entries behind the group's place, if they are spread evenly over the time that the stream holds."""
    first, place, last = (
        parse_id(each)[0] for each in (stream.first_id or "0-0", group.last_delivered_id, stream.last_id)
    )
    if first < FIRST_STREAM_MS or last <= first:
        return stream.length
    return -(-stream.length * (last - place) // (last - first))


def is_over_pending(group: StreamGroup, max_pending: int | None) -> bool:
    return max_pending is not None and group.pending > max_pending


@dataclass(frozen=True, slots=True)
class Lost:
    """How many entries were trimmed before the group was given them; None: unknown, and `unknown` says why."""

    entries: int | None
    unknown: str = ""


def count_lost(stream: Stream, group: StreamGroup) -> Lost:
    """What was trimmed before a group was given it. `stream` was asked before `group`.

    Certain only if the stream begins after the group's place, and more entries are gone than the group was given.
    """
    if parse_id(group.last_delivered_id) >= parse_id(stream.last_id):
        return Lost(0)
    if stream.added is None or not stream.first_id:
        return Lost(None, "Redis before 7 does not say what was trimmed")
    gone = stream.added - stream.length
    if gone <= 0 or (stream.length and parse_id(stream.first_id) <= parse_id(group.last_delivered_id)):
        return Lost(0)
    return _count_not_given(gone, stream, group)


def _count_not_given(gone: int, stream: Stream, group: StreamGroup) -> Lost:
    """Of `gone` entries, those that the group was not given."""
    if group.entries_read is None:
        return Lost(None, "Redis cannot tell how many entries the group was given (entries-read is NULL)")
    if group.entries_read >= gone:
        return Lost(0)
    if parse_id(stream.deleted_id or "0-0") > parse_id(group.last_delivered_id):
        return Lost(None, "entries behind the group's place were deleted with XDEL: trimmed ones cannot be told apart")
    return Lost(gone - group.entries_read)


UNREAD_US = 60_000_000
"""How long entries may wait for a group that nobody reads with."""


def measure_wait_us(stream: Stream, group: StreamGroup, clock: StoreClock) -> int:
    """The least time that the oldest entry not given to the group has waited; 0 if none waits, or it is unknown.

    That entry is known if it is the oldest of the stream; otherwise only that the newest one waits too.
    """
    if parse_id(group.last_delivered_id) >= parse_id(stream.last_id) or measure_age(stream, clock).us is None:
        return 0
    oldest = parse_id(stream.first_id or "0-0")
    behind = stream.length and oldest > parse_id(group.last_delivered_id) and oldest[0] >= FIRST_STREAM_MS
    return max(0, clock.now_us - (oldest[0] if behind else stream.last_ms) * 1000)


def is_unread(stream: Stream, group: StreamGroup, consumers: StreamConsumers, clock: StoreClock) -> bool:
    """Whether entries wait for a group, and nobody has read with it for as long."""
    last_read_us = min(consumers.idle_ms.values(), default=UNREAD_US // 1000) * 1000
    return stream.length > 0 and min(measure_wait_us(stream, group, clock), last_read_us) >= UNREAD_US


def find_oldest_idle_us(pending: StreamPending) -> int:
    """How long the oldest entries of a group have waited for an acknowledgement since they were last delivered."""
    return max((int(entry[2]) for entry in pending.entries), default=0) * 1000


def is_set_back(group: StreamGroup, earlier: StreamGroup) -> bool:
    """Whether the group is given entries again that it had already been given at an earlier look."""
    return parse_id(group.last_delivered_id) < parse_id(earlier.last_delivered_id)


def is_made_anew(stream: Stream, group: StreamGroup, earlier: StreamGroup) -> bool:
    """Whether it was given fewer entries in total than at an earlier look, or Redis lost count.

    If no entry was ever deleted one by one, Redis loses count only for a group that was created or set by hand.
    """
    if earlier.entries_read is None:
        return False
    if group.entries_read is None:
        return stream.deleted_id == "0-0"
    return group.entries_read < earlier.entries_read
