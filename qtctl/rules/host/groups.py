"""QT504, QT505, QT510: consumer groups of services that are declared running are there, keep up, and lose nothing."""

from dataclasses import dataclass, replace
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.meaning.streams import (
    count_lost,
    estimate_lag,
    is_miscounted,
    is_out_of_reach,
    is_over_pending,
    measure_lag,
)
from qtctl.model.desired import Desired, Membership
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json, JsonObject
from qtctl.model.latest import keep_latest
from qtctl.model.states import ServiceState
from qtctl.model.store_facts import StoreClock, Stream, StreamConsumers, StreamGroup, StreamGroups, group_subject
from qtctl.rules import proofs
from qtctl.rules.declared import Root
from qtctl.rules.host.streams import list_services_down, map_stores
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

SURELY = 10
"""An estimated lag (from the times of entries) counts as within the limit if this many times as much would be."""
MISCOUNTED = "Redis miscounts the lag of a group that entries were trimmed before: it gave no plausible number"
NULL_LAG = "Redis cannot tell the lag (NULL): entries were deleted, the group's position was set by hand, or Redis < 7"
MOST_SHOWN = 10
"""How many names of groups a finding shows."""


@dataclass(frozen=True, slots=True)
class Group:
    """One consumer group; `services` are all that read with it, `membership` has the strictest of their limits."""

    membership: Membership
    services: tuple[str, ...]
    store: DesiredStore

    @property
    def subject(self) -> str:
        """As people write it. If both names have slashes, that would be ambiguous: then as facts have it."""
        stream, group = self.pair
        return f"{stream}/{group}" if "/" not in stream else group_subject(stream, group)

    @property
    def need(self) -> Need:
        return Need(StreamGroup.FACT, group_subject(*self.pair), self.membership.store)

    @property
    def stream_need(self) -> Need:
        return Need(Stream.FACT, self.membership.stream, self.membership.store)

    @property
    def names_need(self) -> Need:
        return Need(StreamGroups.FACT, self.membership.stream, self.membership.store)

    @property
    def consumers_need(self) -> Need:
        return Need(StreamConsumers.FACT, self.need.subject, self.need.store)

    def read(self, facts: Facts) -> StreamGroup | None:
        return facts.read(StreamGroup, self.need.subject, self.need.store)

    def read_stream(self, facts: Facts) -> Stream | None:
        return facts.read(Stream, self.membership.stream, self.membership.store)

    def read_consumers(self, facts: Facts) -> StreamConsumers | None:
        return facts.read(StreamConsumers, self.need.subject, self.need.store)

    @property
    def pair(self) -> tuple[str, str]:
        return self.membership.stream, self.membership.group


@keep_latest
def list_groups(desired: Desired) -> tuple[Group, ...]:
    """A group that several services share appears once."""
    known = map_stores(desired)
    found: dict[Need, Group] = {}
    for service in desired.services:
        if service.state is not ServiceState.RUNNING:
            continue
        for membership in service.consumes:
            if membership.store in known:
                group = Group(membership, (service.name,), known[membership.store])
                found[group.need] = _join_groups(found.get(group.need), group)
    return tuple(found.values())


def _join_groups(one: Group | None, other: Group) -> Group:
    if one is None:
        return other
    both = (one.membership, other.membership)
    pending = [each.max_pending for each in both if each.max_pending is not None]
    idle_us = [each.max_idle_us for each in both if each.max_idle_us is not None]
    membership = replace(
        one.membership,
        max_lag=min(one.membership.max_lag, other.membership.max_lag),
        max_pending=min(pending, default=None),
        max_idle_us=min(idle_us, default=None),
    )
    return replace(one, membership=membership, services=(*one.services, *other.services))


def list_causes(desired: Desired, group: Group) -> tuple[Root, ...]:
    stream = group.membership.stream
    return (("QT501", stream), ("QT502", stream), *list_services_down(desired, group.services))


def _expect_presence(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            {"group": group.membership.group},
            (group.need, group.names_need),
            partial(_is_there, group=group),
            group.membership.origin,
            list_causes(desired, group),
        )
        for group in list_groups(desired)
    )


def _is_there(facts: Facts, group: Group) -> Verdict:
    """Shows which groups exist, so that a misspelt one is seen at once."""
    if group.read(facts) is not None:
        return Verdict(True, {"group": group.membership.group}, ())
    there = facts.read(StreamGroups, group.membership.stream, group.membership.store)
    names: list[Json] = list(there.names[:MOST_SHOWN]) if there else []
    observed: JsonObject = {"group": None, "groups": names}
    if there and there.count > len(names):
        observed["more"] = there.count - len(names)
    remedy = f"systemctl restart the unit of {', '.join(group.services)}: consumers create their group when they start"
    source = proofs.prove_group_count(group.need, group.store, *group.pair, 0)
    return Verdict(False, observed, (source,), remedy=remedy)


def _expect_low_lag(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            _show_limits(group),
            (group.need, group.stream_need),
            partial(_judge_lag, group=group),
            group.membership.origin,
            list_causes(desired, group),
        )
        for group in list_groups(desired)
    )


def _show_limits(group: Group) -> JsonObject:
    limits: JsonObject = {"lag": {"max": group.membership.max_lag}}
    if group.membership.max_pending is not None:
        limits["pending"] = {"max": group.membership.max_pending}
    return limits


def _judge_lag(facts: Facts, group: Group) -> Judgment:
    found, stream = group.read(facts), group.read_stream(facts)
    if found is None or stream is None:
        return NOT_JUDGED
    clock = facts.find(StoreClock, group.need.store)
    if clock is not None and is_out_of_reach(stream, found, clock):
        return _judge_out_of_reach(group, stream, found)
    limit = group.membership
    lag = measure_lag(stream, found)
    over_pending = is_over_pending(found, limit.max_pending)
    over_lag = lag is not None and lag > limit.max_lag
    undecided = NULL_LAG if lag is None else ""
    if over_lag and is_miscounted(stream, found):
        lag, over_lag = estimate_lag(stream, found), False
        undecided = MISCOUNTED if lag * SURELY > limit.max_lag else ""
    observed: JsonObject = {"lag": lag, "pending": found.pending, "consumers": found.consumers}
    sources = _prove_lag(group, stream, found) if over_lag or not over_pending else ()
    if over_pending:
        sources += (proofs.group_field(group.need, group.store, group.pair, "pending", found.pending),)
    names = ", ".join(group.services)
    remedy = f"journalctl on {names}: is it slower than its stream, or stuck? Restart it once the cause is known"
    unknown = "" if over_pending else undecided
    if unknown == MISCOUNTED:
        remedy = (
            f"once {names} has read all: XGROUP SETID {group.membership.stream} {group.membership.group} $, by hand"
        )
    return Verdict(not (over_lag or over_pending), observed, sources, remedy=remedy, unknown=unknown)


def _judge_out_of_reach(group: Group, stream: Stream, found: StreamGroup) -> Verdict:
    place = found.last_delivered_id
    remedy = (
        f"XGROUP SETID {group.membership.stream} {group.membership.group} ID, by hand, with the id of the last entry "
        f"that {', '.join(group.services)} has handled; $ skips all that it was not given"
    )
    observed: JsonObject = {"last delivered": place, "newest": stream.last_id, "consumers": found.consumers}
    return Verdict(False, observed, _prove_place(group, stream, found), remedy=remedy)


def _prove_place(group: Group, stream: Stream, found: StreamGroup) -> tuple[ProofSource, ...]:
    last = proofs.group_field(group.need, group.store, group.pair, "last-delivered-id", found.last_delivered_id)
    newest = proofs.prove_newest_entry(group.stream_need, group.store, group.membership.stream, stream.last_id)
    return last, newest


def _prove_lag(group: Group, stream: Stream, found: StreamGroup) -> tuple[ProofSource, ...]:
    """What Redis says about the lag, and if that is corrected, what corrects it."""
    said = proofs.group_field(group.need, group.store, group.pair, "lag", found.lag)
    lag = measure_lag(stream, found)
    if lag == found.lag:
        return (said,)
    if lag == 0:
        return _prove_place(group, stream, found)
    length = proofs.prove_stream_field(group.stream_need, group.store, group.membership.stream, "length", stream.length)
    return said, length


def _expect_no_loss(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            {"lost": 0},
            (group.need, group.stream_need),
            partial(_loses_nothing, group=group),
            group.membership.origin,
            list_causes(desired, group),
        )
        for group in list_groups(desired)
    )


def _loses_nothing(facts: Facts, group: Group) -> Judgment:
    found, stream = group.read(facts), group.read_stream(facts)
    if found is None or stream is None:
        return NOT_JUDGED
    lost = count_lost(stream, found)
    key = group.membership.stream
    last = proofs.group_field(group.need, group.store, group.pair, "last-delivered-id", found.last_delivered_id)
    sources = [last]
    if stream.added is not None:
        first = stream.first_id
        sources.append(proofs.prove_stream_field(group.stream_need, group.store, key, "recorded-first-entry-id", first))
        read = proofs.group_field(group.need, group.store, group.pair, "entries-read", found.entries_read)
        added = proofs.prove_stream_field(group.stream_need, group.store, key, "entries-added", stream.added)
        length = proofs.prove_stream_field(group.stream_need, group.store, key, "length", stream.length)
        sources += [read, added, length]
    names = ", ".join(group.services)
    remedy = (
        f"see why {names} was that far behind; what it missed is gone from Redis: recover it from its source, then "
        f"let the stream keep more entries (MAXLEN of its publisher)"
    )
    return Verdict(lost.entries == 0, {"lost": lost.entries}, tuple(sources), remedy=remedy, unknown=lost.unknown)


QT504 = Rule(
    "QT504",
    "consumer group missing",
    Severity.ERROR,
    several="consumer groups are missing",
    what="A service that is declared running reads a stream with a consumer group, and the stream has no such "
    "group; the groups that it has are listed. A stream that does not exist has no groups either; then QT501 is "
    "named as the cause. Groups of stopped and on-timer services are not judged.",
    why="XREADGROUP fails with NOGROUP, and a consumer that created its group at start does not create it again. So "
    "after a stream was deleted and came back, everything runs and nothing is read until the consumers are restarted.",
    fix="Restart the service: it creates its group at start. Decide first whether it should read from the beginning "
    "(`XGROUP CREATE KEY GROUP 0`) or only what is new (`$`); the difference is every entry written in the meantime.",
    expect=_expect_presence,
    gate=True,
)
QT505 = Rule(
    "QT505",
    "consumer group behind its limit",
    Severity.WARNING,
    several="consumer groups are behind their limit",
    what="The group has more undelivered entries than `max_lag`, or more delivered and unacknowledged ones than "
    "`max_pending`; or it was set to an id in the future, and is given nothing. Redis before 8.0.3 "
    "miscounts lag once entries were trimmed before the group read them (redis#13957); so a group that was given "
    "the newest entry counts as having no lag, and no lag counts as more than the length of the stream. A group "
    "that has caught up after such a loss is miscounted for good: its lag is estimated from the times of the "
    "entries. The check then holds if ten times that lag would hold too, and is unknown otherwise. Redis answers "
    "NULL for a lag it cannot know; then the check is unknown, not 0, unless pending alone is over its limit.",
    why="A lagging consumer acts on old data. A group can stand 3,350,000 ticks behind while its engine runs and is "
    "healthy by every other measure: it trades on last week's prices.",
    fix="Check whether the consumer runs, and how fast lag grows: look twice. Restart it if it is stuck; if it is "
    "slower than its stream, add a consumer to the group. Old ticks are worth nothing: `XGROUP SETID KEY GROUP $` "
    "skips them, if the owner agrees.",
    expect=_expect_low_lag,
)
QT510 = Rule(
    "QT510",
    "entries trimmed before a group read them",
    Severity.ERROR,
    several="groups lost entries that were trimmed before they read them",
    what="Entries left the stream before its consumer group was given them: the oldest remaining entry is past the "
    "group's position, and more entries are gone than the group was given. Without the group's own count "
    "(entries-read is NULL, Redis before 7), or where entries were deleted one by one, the check is unknown.",
    why="These entries are lost to the service, and nothing else shows it: its lag even shrinks when its stream is "
    "trimmed. Orders, fills or closed trades that a service never saw make its books wrong for good.",
    fix="Find out why the group was so far behind (QT505, QT506), and recover what it missed from the publisher or a "
    "backup. Then raise the MAXLEN with which the publisher trims, or add a consumer: the stream must hold what is "
    "written during the longest stop of its readers. The finding goes away once the group has read on.",
    expect=_expect_no_loss,
)
RULES = (QT504, QT505, QT510)
