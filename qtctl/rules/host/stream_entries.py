"""QT508, QT514: streams are no longer than declared, and their entries have ids that a clock explains."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.meaning.streams import is_exhausted, measure_age
from qtctl.model.desired import Desired, DesiredKey
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.states import KeyType
from qtctl.model.store_facts import StoreClock, Stream
from qtctl.rules import proofs
from qtctl.rules.host.streams import list_aging, list_keys
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict


def _expect_caps(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"length": {"max": key.max_length}},
            (Need(Stream.FACT, key.name, key.store),),
            partial(_judge_cap, key=key, store=store, cap=key.max_length),
            key.origin.at("max_length"),
        )
        for key, store in list_keys(desired)
        if key.type is KeyType.STREAM and key.max_length is not None
    )


def _judge_cap(facts: Facts, key: DesiredKey, store: DesiredStore, cap: int) -> Judgment:
    need = Need(Stream.FACT, key.name, key.store)
    stream = facts.read(Stream, key.name, key.store)
    if stream is None:
        return NOT_JUDGED
    source = proofs.prove_stream_field(need, store, key.name, "length", stream.length)
    writers = ", ".join(key.publishers) or "its publisher"
    remedy = (
        f"see why {writers} no longer trims it (XADD … MAXLEN); XTRIM {quote(key.name)} MAXLEN ~ {cap} cuts it once"
    )
    return Verdict(stream.length <= cap, {"length": stream.length}, (source,), remedy=remedy)


def _expect_stamps(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name,
            {"ids": "milliseconds by the clock of Redis"},
            (Need(Stream.FACT, key.name, key.store), Need(StoreClock.FACT, key.store)),
            partial(_is_stamped, key=key, store=store),
            key.origin,
            (("QT520", key.name),),
        )
        for key, store, _ in list_aging(desired)
    )


def _is_stamped(facts: Facts, key: DesiredKey, store: DesiredStore) -> Judgment:
    need, clock_need = Need(Stream.FACT, key.name, key.store), Need(StoreClock.FACT, key.store)
    stream, clock = facts.read(Stream, key.name, key.store), facts.read(StoreClock, key.store)
    if stream is None or clock is None:
        return NOT_JUDGED
    why = measure_age(stream, clock).unknown
    sources = (
        proofs.prove_newest_entry(need, store, key.name, stream.last_id),
        proofs.prove_clock(clock_need, store, clock.now_us),
    )
    writers = ", ".join(key.publishers) or "its publisher"
    remedy = f"let {writers} add entries with the id *, which Redis stamps; an id from the future stays the newest"
    return Verdict(not why, {"newest": stream.last_id}, sources, remedy=remedy)


def _expect_room_for_ids(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            key.name, {"takes entries": True}, (Need(Stream.FACT, key.name, key.store),),
            partial(_takes_entries, key=key, store=store), key.origin,
        )
        for key, store in list_keys(desired)
        if key.type is KeyType.STREAM
    )  # fmt: skip


def _takes_entries(facts: Facts, key: DesiredKey, store: DesiredStore) -> Judgment:
    stream = facts.read(Stream, key.name, key.store)
    if stream is None:
        return NOT_JUDGED
    source = proofs.prove_newest_entry(Need(Stream.FACT, key.name, key.store), store, key.name, stream.last_id)
    remedy = (
        f"find out who added an entry with that id, or ran XSETID; then rename it (RENAME {quote(key.name)} …), let "
        "its publisher make it anew, and let the consumers create their groups"
    )
    return Verdict(not is_exhausted(stream), {"newest": stream.last_id}, (source,), remedy=remedy)


QT508 = Rule(
    "QT508",
    "stream is longer than its cap",
    Severity.WARNING,
    several="streams are longer than their caps",
    what="The stream has more entries than the `max_length` that the registry declares. Publishers trim with `MAXLEN "
    "~`, which leaves up to a few hundred entries more than it says: leave that much room in the declared cap.",
    why="A stream without a cap grows until Redis has no memory left, and then every write of every service fails. "
    "It happens when a publisher is replaced by one that adds without MAXLEN.",
    fix="See which publisher adds entries without MAXLEN, and correct it. `XTRIM KEY MAXLEN ~ N` cuts the stream "
    "once; check first that every group has read the entries that this removes (lag in `XINFO GROUPS KEY`), since "
    "trimmed entries are lost.",
    expect=_expect_caps,
)
QT514 = Rule(
    "QT514",
    "ids of entries that no clock explains",
    Severity.WARNING,
    several="streams have ids that no clock explains",
    what="The id of the newest entry is not a plausible time in milliseconds by Redis's clock: it is in the future, "
    "or before 2018, when Redis got streams. The age of the stream is then unknown, neither 0 nor fifty years. Only "
    "streams with `max_age` are judged.",
    why="An id from the future makes a stream look fresh forever, though its publisher is dead; ids in seconds make "
    "it look stale forever. Redis accepts no id below the newest one, so one entry with a wrong id spoils all that "
    "follow: `*` then continues from it.",
    fix="Let publishers add with `*`. Ids that are made from something else on purpose say nothing about age: then "
    "remove `max_age`. A stream with an id from the future must be recreated: rename it, let the publisher write "
    "again, and let the consumers create their groups.",
    expect=_expect_stamps,
)
QT520 = Rule(
    "QT520",
    "stream takes no more entries",
    Severity.ERROR,
    several="streams take no more entries",
    what="The newest id of a declared stream is 18446744073709551615-18446744073709551615, the largest that there is. "
    "Every stream is judged, with and without `max_age`.",
    why="Redis refuses every further XADD, with any id (`The stream has exhausted the last possible ID`). Length, "
    "groups and lag look as ever, and consumers wait for entries that will not come.",
    fix="Nothing lowers the newest id while such an entry is in the stream. Keep what is needed under another name "
    "(RENAME), let the publisher make the stream anew with `*`, and let the consumers create their groups again. If no "
    "entry has that id (XREVRANGE shows it), somebody ran XSETID: the same command sets it back to the newest entry.",
    expect=_expect_room_for_ids,
)
RULES = (QT508, QT514, QT520)
