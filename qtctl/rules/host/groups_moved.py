"""QT521: consumer groups stand at entries that somebody was given."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.meaning.streams import measure_skipped_us
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.store_facts import StoreClock
from qtctl.rules import proofs
from qtctl.rules.host.groups import Group, list_groups
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

SECOND = 1_000_000


def _expect_own_place(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject, {"skipped": False},
            (group.need, group.stream_need, group.consumers_need, Need(StoreClock.FACT, group.membership.store)),
            partial(_is_where_it_read, group=group), group.membership.origin,
        )
        for group in list_groups(desired)
    )  # fmt: skip


def _is_where_it_read(facts: Facts, group: Group) -> Judgment:
    found, stream = group.read(facts), group.read_stream(facts)
    consumers = group.read_consumers(facts)
    clock = facts.read(StoreClock, group.membership.store)
    if found is None or stream is None or consumers is None or clock is None:
        return NOT_JUDGED
    skipped_us = measure_skipped_us(stream, found, consumers, clock)
    place = proofs.group_field(group.need, group.store, group.pair, "last-delivered-id", found.last_delivered_id)
    if skipped_us is None:
        return Verdict(True, {"last_delivered": found.last_delivered_id}, (place,))
    names = ", ".join(group.services)
    observed: JsonObject = {
        "last_delivered": found.last_delivered_id,
        "last_read_s": min(consumers.idle_ms.values()) // 1000,
        "skipped_s": skipped_us // SECOND,
    }
    read = proofs.group_field(group.need, group.store, group.pair, "entries-read", found.entries_read)
    remedy = (
        f"find out who ran XGROUP SETID; before {names} reads again, set the group to the last entry that it was given "
        f"(XGROUP SETID, with an id from the log of {names} or from earlier evidence), or hand over what lies between"
    )
    return Verdict(False, observed, (place, read), remedy=remedy)


QT521 = Rule(
    "QT521",
    "consumer group was moved past entries that nobody was given",
    Severity.ERROR,
    several="consumer groups were moved past entries that nobody was given",
    what="The group stands at an entry that was added after any of its consumers last read, and Redis no longer knows "
    "how many entries it has read: somebody moved it forward (XGROUP SETID). Only Redis 7 and later show it, until a "
    "consumer reads again, and not in streams that entries were deleted from. For groups that were set back or "
    "recreated, see QT511.",
    why="It is the quick way to get rid of a lag: the group's lag is 0, and all is well. The orders and fills in "
    "between are in the stream, and no service will ever see them.",
    fix="Before the service starts again, set the group back to the last entry that it has handled: `XGROUP SETID KEY "
    "GROUP ID`. If the entries are to be skipped, nothing is to be done: the finding is gone once the service reads.",
    expect=_expect_own_place,
)
RULES = (QT521,)
