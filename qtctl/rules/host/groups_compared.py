"""QT511: consumer groups are where they were at an earlier look, or further on."""

from collections.abc import Iterator
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.meaning import Wording
from qtctl.meaning.streams import is_made_anew, is_set_back
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.store_facts import Stream, StreamGroup
from qtctl.rules import proofs
from qtctl.rules.host.groups import Group, list_causes, list_groups
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict


def _expect_progress(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(_make_expectation(desired, group) for group in list_groups(desired))


def _make_expectation(desired: Desired, group: Group) -> Expectation:
    """It has no need of its own: without earlier evidence nothing is judged, whether or not the group is known."""
    roots = (("QT509", group.membership.store), *list_causes(desired, group))
    judge = partial(_judge_progress, group=group)
    return Expectation(group.subject, {"set_back": False}, (), judge, group.membership.origin, roots)


def _judge_progress(facts: Facts, group: Group) -> Judgment:
    earlier = _read(facts.earlier, group)
    if earlier is None or facts.earlier is None:
        return NOT_JUDGED
    item = facts.find_item(group.need)
    if not item.state.known:
        return Verdict(False, None, unknown=item.reason or str(item.state), remedy=item.help)
    found = group.read(facts)
    if found is None:
        return NOT_JUDGED
    stream = group.read_stream(facts) if facts.find_item(group.stream_need).state.known else None
    change = next(_judge_changes(group, found, stream, earlier, facts.earlier.taken_at), None)
    return change or Verdict(True, {"last_delivered": found.last_delivered_id}, (_prove_last_id(group, found),))


def _read(facts: Facts | None, group: Group) -> StreamGroup | None:
    return group.read(facts) if facts is not None and facts.find_item(group.need).state.known else None


def _judge_changes(
    group: Group, found: StreamGroup, stream: Stream | None, earlier: StreamGroup, since: str
) -> Iterator[Verdict]:
    names = ", ".join(group.services)
    if is_set_back(found, earlier):
        observed: JsonObject = {
            "last_delivered": found.last_delivered_id, "before": earlier.last_delivered_id, "since": since,
        }  # fmt: skip
        remedy = (
            f"journalctl on {names}, and find out who ran XGROUP SETID, or deleted the stream or the group: {names} "
            "is given the same entries again; stop it first if that must not happen"
        )
        yield Verdict(False, observed, (_prove_last_id(group, found),), remedy=remedy)
    elif stream is not None and is_made_anew(stream, found, earlier):
        observed = {"entries_read": found.entries_read, "before": earlier.entries_read, "since": since}
        remedy = (
            f"find out who deleted the group: entries that were written between its deletion and its return "
            f"were given to nobody; look for them in the stream, and hand them to {names}"
        )
        source = proofs.group_field(group.need, group.store, group.pair, "entries-read", found.entries_read)
        yield Verdict(False, observed, (source,), remedy=remedy, title=ANEW.title)


def _prove_last_id(group: Group, found: StreamGroup) -> ProofSource:
    return proofs.group_field(group.need, group.store, group.pair, "last-delivered-id", found.last_delivered_id)


ANEW = Wording("consumer group was recreated", "consumer groups were recreated")
QT511 = Rule(
    "QT511",
    "consumer group was set back",
    Severity.ERROR,
    several="consumer groups were set back",
    variants=(ANEW,),
    what="The group's last delivered entry is older than in earlier evidence, or the group has been given fewer "
    "entries in total than then: it was set back (XGROUP SETID), or it, or its whole stream, was deleted and "
    "recreated. Only an audit with `--new-since EVIDENCE` can tell; without it nothing is judged. A group that was "
    "recreated with `$` and has read since looks like one that has read all along: audit often.",
    why="A group that was set back gives its service old orders and fills a second time. One that was recreated with "
    "`$` skips what was written in between, and nothing says so: its lag is 0, and everything is fresh.",
    fix="Find out who did it: a deploy that creates its group at each start, a flush of Redis, a restore from an old "
    "snapshot. If the service must not see old entries twice, stop it and set the group to its old position with "
    "`XGROUP SETID KEY GROUP ID`; the finding names the last id in the earlier evidence.",
    expect=_expect_progress,
)
RULES = (QT511,)
