"""QT506: someone reads with the groups of services that are declared running."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.meaning.streams import UNREAD_US, is_unread, measure_wait_us
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.store_facts import StoreClock
from qtctl.rules import proofs
from qtctl.rules.host.groups import Group, list_causes, list_groups
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

SECOND = 1_000_000
MOST_SHOWN = 5
"""How many consumers a finding shows: those that read last."""


def _read(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            {"unread_s": {"less": UNREAD_US // SECOND}},
            (group.need, group.stream_need, group.consumers_need, Need(StoreClock.FACT, group.membership.store)),
            partial(_is_read, group=group),
            group.membership.origin,
            (*list_causes(desired, group), ("QT514", group.membership.stream)),
        )
        for group in list_groups(desired)
    )


def _is_read(facts: Facts, group: Group) -> Judgment:
    found, stream = group.read(facts), group.read_stream(facts)
    consumers = group.read_consumers(facts)
    clock = facts.read(StoreClock, group.membership.store)
    if found is None or stream is None or consumers is None or clock is None:
        return NOT_JUDGED
    last = sorted((idle, name) for name, idle in consumers.idle_ms.items())[:MOST_SHOWN]
    observed: JsonObject = {
        "unread_s": measure_wait_us(stream, found, clock) // SECOND,
        "consumers": consumers.count,
        "last_read_s": {name: idle // 1000 for idle, name in last},
    }
    sources = (
        proofs.group_field(group.need, group.store, group.pair, "consumers", consumers.count),
        proofs.group_field(group.need, group.store, group.pair, "last-delivered-id", found.last_delivered_id),
        proofs.prove_newest_entry(group.stream_need, group.store, group.membership.stream, stream.last_id),
    )
    names = ", ".join(group.services)
    remedy = f"journalctl on {names}: it runs and does not read, or reads with another group; then restart it"
    return Verdict(not is_unread(stream, found, consumers, clock), observed, sources, remedy=remedy)


QT506 = Rule(
    "QT506",
    "nobody reads with a consumer group",
    Severity.ERROR,
    several="consumer groups are read by nobody",
    what="Entries have waited for a minute or longer for a consumer group, and in that time none of its consumers has "
    "read, or it has none. This is certain only if the oldest entry of the stream waits, or the newest has waited for "
    "a minute: for a group that stopped on a busy stream, QT505 shows it first.",
    why="The unit can be active and its health URL answer while its reading thread is dead. A group whose entries "
    "nobody reads looks like a quiet market; when its stream is trimmed the entries are lost (QT510).",
    fix="If its service is down, the finding gives that as its cause. If it runs, read its journal: a dead thread, or "
    "a group of another name in its settings (QT504 lists the groups). `XINFO CONSUMERS KEY GROUP` shows who read, "
    "and when.",
    expect=_read,
)
RULES = (QT506,)
