"""QT516: entries that a group was given are acknowledged in time."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.meaning.streams import find_oldest_idle_us
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.store_facts import StreamPending
from qtctl.rules import proofs
from qtctl.rules.host.groups import Group, list_causes, list_groups
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

SECOND = 1_000_000


def _expect_acknowledgements(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            {"idle_s": {"max": max_idle_us // SECOND}},
            (group.need, _make_need(group)),
            partial(_is_acknowledged, group=group, max_idle_us=max_idle_us),
            group.membership.origin,
            (*list_causes(desired, group), ("QT506", group.subject)),
        )
        for group in list_groups(desired)
        if (max_idle_us := group.membership.max_idle_us) is not None
    )


def _make_need(group: Group) -> Need:
    return Need(StreamPending.FACT, group.need.subject, group.need.store)


def _is_acknowledged(facts: Facts, group: Group, max_idle_us: int) -> Judgment:
    found, pending = group.read(facts), facts.read(StreamPending, group.need.subject, group.need.store)
    if found is None or pending is None:
        return NOT_JUDGED
    late = [entry for entry in pending.entries if int(entry[2]) * 1000 > max_idle_us]
    observed: JsonObject = {"pending": found.pending, "idle_s": find_oldest_idle_us(pending) // SECOND}
    if not late:
        shown = proofs.group_field(group.need, group.store, group.pair, "pending", found.pending)
        return Verdict(True, observed, (shown,))
    id_, consumer, _, times = max(late, key=lambda entry: int(entry[2]))
    observed |= {"entry": id_, "consumer": consumer, "delivered": times}
    names = ", ".join(group.services)
    remedy = (
        f"journalctl on {names}: {consumer} got {id_} and never acknowledged it. Where that consumer is gone, "
        "XAUTOCLAIM gives its entries to another; XACK drops one that nobody can handle, once someone has looked at it"
    )
    source = proofs.prove_pending_entry(_make_need(group), group.store, group.pair, str(id_), str(consumer))
    return Verdict(False, observed, (source,), remedy=remedy)


QT516 = Rule(
    "QT516",
    "entries delivered and never acknowledged",
    Severity.WARNING,
    several="groups have entries that were delivered and never acknowledged",
    what="A consumer of the group was given an entry longer ago than `max_idle`, and has neither acknowledged it nor "
    "been given it again since. Only the 20 oldest unacknowledged entries are checked (XPENDING): the finding names "
    "the one that has waited longest, its consumer, and how often it was delivered.",
    why="Redis delivers such an entry to nobody else: an order that a consumer took just before it crashed stays "
    "assigned to that consumer forever. The group has no lag, and looks healthy by every other measure.",
    fix="See what the consumer did with the entry. Let a consumer that starts read its own pending entries first (id "
    "0 instead of `>`), and take over those of consumers that are gone (`XAUTOCLAIM KEY GROUP CONSUMER 3600000 0`). "
    "If the service really needs longer, declare `max_idle`.",
    expect=_expect_acknowledgements,
)
RULES = (QT516,)
