"""QT504, QT505: the consumer groups of services that are declared running are there, and keep up."""

from dataclasses import dataclass, replace
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.meaning.streams import is_over_lag, is_over_pending
from qtctl.model.desired import Desired, Membership
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, StreamGroup
from qtctl.model.json import JsonObject
from qtctl.model.states import ServiceState
from qtctl.rules import proofs
from qtctl.rules.declared import Root
from qtctl.rules.host.streams import services_down, stores
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

Judgment = Verdict | tuple[Verdict, ...]
NOT_JUDGED: tuple[Verdict, ...] = ()
NULL_LAG = "Redis cannot tell the lag (NULL): entries were deleted, the group's position was set by hand, or Redis < 7"


@dataclass(frozen=True, slots=True)
class Group:
    """One consumer group; `services` are all that read with it, `membership` has the narrowest of their limits."""

    membership: Membership
    services: tuple[str, ...]
    store: DesiredStore

    @property
    def subject(self) -> str:
        return f"{self.membership.stream}/{self.membership.group}"

    @property
    def need(self) -> Need:
        return Need(StreamGroup.FACT, self.subject, self.membership.store)

    @property
    def pair(self) -> tuple[str, str]:
        return self.membership.stream, self.membership.group


def groups(desired: Desired) -> tuple[Group, ...]:
    """A group that several services share appears once."""
    known = stores(desired)
    found: dict[str, Group] = {}
    for service in desired.services:
        if service.state is not ServiceState.RUNNING:
            continue
        for membership in service.consumes:
            if membership.store in known:
                group = Group(membership, (service.name,), known[membership.store])
                found[group.subject] = _joined(found.get(group.subject), group)
    return tuple(found.values())


def _joined(one: Group | None, other: Group) -> Group:
    if one is None:
        return other
    pending = [m.max_pending for m in (one.membership, other.membership) if m.max_pending is not None]
    membership = replace(
        one.membership,
        max_lag=min(one.membership.max_lag, other.membership.max_lag),
        max_pending=min(pending, default=None),
    )
    return replace(one, membership=membership, services=(*one.services, *other.services))


def _causes(desired: Desired, group: Group) -> tuple[Root, ...]:
    stream = group.membership.stream
    return (("QT501", stream), ("QT502", stream), *services_down(desired, group.services))


def _there(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            {"group": group.membership.group},
            (group.need,),
            partial(_is_there, group=group),
            group.membership.origin,
            _causes(desired, group),
        )
        for group in groups(desired)
    )


def _is_there(facts: Facts, group: Group) -> Verdict:
    there = facts.read(StreamGroup, group.subject, group.membership.store) is not None
    remedy = f"systemctl restart the unit of {', '.join(group.services)}: consumers create their group when they start"
    if there:
        return Verdict(True, {"group": group.membership.group}, ())
    source = proofs.groups_named(group.need, group.store, *group.pair, 0)
    return Verdict(False, {"group": None}, (source,), remedy=remedy)


def _keeping_up(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            group.subject,
            _limits(group),
            (group.need,),
            partial(_keeps_up, group=group),
            group.membership.origin,
            _causes(desired, group),
        )
        for group in groups(desired)
    )


def _limits(group: Group) -> JsonObject:
    limits: JsonObject = {"lag": {"max": group.membership.max_lag}}
    if group.membership.max_pending is not None:
        limits["pending"] = {"max": group.membership.max_pending}
    return limits


def _keeps_up(facts: Facts, group: Group) -> Judgment:
    found = facts.read(StreamGroup, group.subject, group.membership.store)
    if found is None:
        return NOT_JUDGED
    limit = group.membership
    over_pending = is_over_pending(found, limit.max_pending)
    over_lag = is_over_lag(found, limit.max_lag)
    observed: JsonObject = {"lag": found.lag, "pending": found.pending, "consumers": found.consumers}
    sources = _fields(group, found, lag=bool(over_lag) or not over_pending, pending=over_pending)
    undecided = NULL_LAG if over_lag is None and not over_pending else ""
    names = ", ".join(group.services)
    remedy = f"journalctl on {names}: is it slower than its stream, or stuck? Restart it once the cause is known"
    return Verdict(not (over_lag or over_pending), observed, sources, remedy=remedy, unknown=undecided)


def _fields(group: Group, found: StreamGroup, *, lag: bool, pending: bool) -> tuple[ProofSource, ...]:
    shown = [("lag", found.lag)] if lag else []
    if pending:
        shown.append(("pending", found.pending))
    return tuple(proofs.group_field(group.need, group.store, group.pair, name, value) for name, value in shown)


QT504 = Rule(
    "QT504",
    "consumer group missing",
    Severity.ERROR,
    several="consumer groups are missing",
    what="A service that is declared running reads a stream with a consumer group, and the stream has no such "
    "group. A stream that does not exist has no groups either; then QT501 is named as the cause. Groups of "
    "stopped and on-timer services are not judged.",
    why="XREADGROUP fails with NOGROUP, and a consumer that made its group when it started does not make it "
    "again. So after a stream was deleted and came back everything runs and nothing is read, until the "
    "consumers are restarted.",
    fix="Restart the service: it creates its group at start. Decide first whether it should read from the "
    "beginning (`XGROUP CREATE KEY GROUP 0`) or only what is new (`$`); the difference is every entry written "
    "meanwhile.",
    expect=_there,
    gate=True,
)
QT505 = Rule(
    "QT505",
    "consumer group behind its limit",
    Severity.WARNING,
    several="consumer groups are behind their limit",
    what="The group has more undelivered entries than `max_lag`, or more delivered and unacknowledged ones than "
    "`max_pending`. Redis answers NULL for a lag it cannot know; then the check is unknown, not 0, unless "
    "pending alone is over its limit.",
    why="A lagging consumer acts on old data. A group can stand 3,350,000 ticks behind while its engine runs and "
    "is healthy by every other measure: it trades on prices of last week.",
    fix="See whether the consumer runs and how fast lag grows: look twice. Restart it if it is stuck; if it is "
    "slower than its stream, add a consumer to the group. Old ticks are worth nothing: `XGROUP SETID KEY "
    "GROUP $` skips them, if the owner agrees.",
    expect=_keeping_up,
)
RULES = (QT504, QT505)
