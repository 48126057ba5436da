"""What a channel is told: the difference between what it knows and what audits found. Pure; the clock is passed in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from qtctl.dialects.wording import add_more_aside, join_some
from qtctl.findings.finding import Finding, Severity, make_fingerprint
from qtctl.findings.notice import Cause, Notice, NoticeKind, Problems, Told
from qtctl.reports.audit import AuditReport
from qtctl.reports.check import Check
from qtctl.reports.grouping import group
from qtctl.reports.unreachable import UNREACHABLE

HOUR_S = 3600.0
MOST_LISTED = 100
"""Subjects that a notification names."""
MOST_KNOWN = 20_000
"""Causes that are kept for a channel."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a channel is told. `least`: severity from which it is. `per_hour`: notifications at most.

    `quiet`: whether it is a quiet hour; then only causes of severity `loud` and above are told.
    """

    least: Severity = Severity.WARNING
    per_hour: int = 20
    quiet: bool = False
    loud: Severity | None = None


def list_problems(
    reports: Sequence[AuditReport], compared: Iterable[Finding] | None, declared: Iterable[str]
) -> Problems:
    """`compared`: checks that compare the hosts, None if they were not compared. `declared`: hosts of the registry."""
    rows = tuple(map(Check.of, compared or ()))
    found = [cause for report in reports for cause in _list_causes(report)]
    broken = {check.fingerprint for report in reports for check in report.findings if check.waiver is None}
    unknown = {check.fingerprint for report in reports for check in (*report.unknowns, *report.not_asked)}
    among = [check for check in rows if check.outcome.value == "broken"]
    groups = (each for each in group(among, ()) if each.first.waiver is None)
    found += [_make_cause(root, "", "", each.below) for each in groups for root in each.members]
    return Problems(
        tuple(found),
        frozenset(broken | {check.fingerprint for check in among}),
        frozenset(unknown | {check.fingerprint for check in rows if check.outcome.is_open}),
        frozenset(report.host for report in reports),
        frozenset(report.host for report in reports if report.unreachable is not None),
        frozenset(declared),
        compared is not None,
    )


def _list_causes(report: AuditReport) -> Iterator[Cause]:
    if report.unreachable is not None:
        key = make_fingerprint(UNREACHABLE, report.host, "")
        title = f"the host could not be asked: {report.unreachable}"
        yield Cause(key, UNREACHABLE, Severity.ERROR, title, report.address, report.host, report.address)
        return
    for each in group(report.findings, report.unknowns):
        if each.first.waiver is None:
            for root in each.members:
                yield _make_cause(root, report.address, report.host, each.below)


def _make_cause(root: Check, host: str, of: str, below: Iterable[Check]) -> Cause:
    follows = tuple(sorted({check.id for check in below if check.because == root.fingerprint}))
    return Cause(
        root.fingerprint, root.id, root.severity, root.title, host, of, root.subject, follows, root.remedy
    )  # fmt: skip


def plan_notices(told: Told, problems: Problems, rules: Rules, now_s: float) -> tuple[tuple[Notice, ...], int]:
    """What to send now, the worst first, and how many notifications wait. Nothing of it is lost by waiting.

    A cause is told again only if it has become more severe. It has recovered if its check was judged and holds, or is
    gone; if it is unknown, it has not.
    """
    every = _list_due(told, problems, rules)
    due = [each for each in every if not rules.quiet or (rules.loud and each.severity.rank >= rules.loud.rank)]
    room = max(0, rules.per_hour - sum(now_s - each < HOUR_S for each in told.sent))
    if len(due) <= room:
        return tuple(_number(due, told)), len(every) - len(due)
    if room == 0:
        return (), len(every)
    shown, rest = due[: room - 1], due[room - 1 :]
    together = Notice(NoticeKind.SUMMARY, tuple(cause for each in rest for cause in each.causes), parts=tuple(rest))
    return tuple(_number([*shown, together], told)), len(every) - len(due)


def _list_due(told: Told, problems: Problems, rules: Rules) -> list[Notice]:
    new, worse = [], []
    for cause in problems.causes:
        known = told.causes.get(cause.key)
        if known is None and cause.severity.rank >= rules.least.rank:
            new.append(cause)
        elif known is not None and cause.severity.rank > known.severity.rank:
            worse.append(cause)
    gone = [cause for cause in told.causes.values() if has_recovered(cause, problems)]
    found = [
        *_group_causes(NoticeKind.NEW, new),
        *_group_causes(NoticeKind.WORSE, worse),
        *_group_causes(NoticeKind.RECOVERED, gone),
    ]
    order = list(NoticeKind)
    return sorted(
        found, key=lambda each: (each.kind is NoticeKind.RECOVERED, -each.severity.rank, order.index(each.kind))
    )


def has_recovered(cause: Cause, problems: Problems) -> bool:
    """A host that was not audited, or did not answer, proves nothing; one that is not declared has no problems."""
    judged = cause.key not in problems.broken and cause.key not in problems.unknown
    if not cause.of:
        return judged and problems.compared and problems.seen - problems.unseen >= problems.declared
    if cause.of not in problems.declared:
        return True
    if cause.of not in problems.seen or cause.of in problems.unseen:
        return False
    return judged


def _group_causes(kind: NoticeKind, causes: Iterable[Cause]) -> Iterator[Notice]:
    """One notification for findings of one kind, on however many hosts."""
    found: dict[tuple[str, str, Severity], list[Cause]] = {}
    for each in causes:
        title = "" if each.id == UNREACHABLE else each.title
        found.setdefault((each.id, title, each.severity), []).append(each)
    return (Notice(kind, tuple(those)) for those in found.values())


def _number(notices: Iterable[Notice], told: Told) -> Iterator[Notice]:
    for number, each in enumerate(notices, told.number + 1):
        said = "\0".join((str(number), each.kind, *sorted(f"{one.key} {one.severity}" for one in each.causes)))
        yield replace(each, key=sha256(said.encode()).hexdigest()[:32])


def begin_sending(told: Told, notice: Notice, now_s: float) -> Told:
    """What is written before the notification goes out."""
    sent = (*(each for each in told.sent if now_s - each < HOUR_S), now_s)
    return replace(told, pending=notice, number=told.number + 1, sent=sent)


def confirm(told: Told) -> Told:
    """What the channel knows once its pending notification has gone out, or may have."""
    if told.pending is None:
        return told
    known = dict(told.causes)
    for part in told.pending.parts or (told.pending,):
        for cause in part.causes:
            if part.kind is NoticeKind.RECOVERED:
                known.pop(cause.key, None)
            else:
                known[cause.key] = cause
    kept = dict(sorted(known.items(), key=lambda pair: -pair[1].severity.rank)[:MOST_KNOWN])
    return replace(told, causes=kept, pending=None)


def describe_notice(notice: Notice) -> str:
    """One line."""
    first = notice.causes[0]
    what = f"{len(notice.causes)} changes" if notice.kind is NoticeKind.SUMMARY else _describe_cause(first, notice)
    where = join_some(notice.hosts, 3)
    return f"{notice.kind.value} {notice.severity.value}: {what}" + (f" on {where}" if where else "")


def _describe_cause(first: Cause, notice: Notice) -> str:
    subjects = f"{first.subject}: " if first.id != UNREACHABLE else ""
    more = add_more_aside(len(notice.causes) - 1)
    return f"{'' if first.id == UNREACHABLE else f'{first.id} '}{subjects}{first.title}{more}"


def make_document(notice: Notice, fleet: str, at: str) -> Mapping[str, Any]:
    """What a webhook and a command are given as JSON. `at`: UTC, ISO 8601. `text` is for people."""
    listed = notice.causes[:MOST_LISTED]
    first = notice.causes[0]
    alone = notice.kind is not NoticeKind.SUMMARY
    kinds = {cause.key: part.kind.value for part in notice.parts for cause in part.causes}
    return {
        "schema_version": 1,
        "key": notice.key,
        "kind": notice.kind.value,
        "fleet": fleet,
        "at": at,
        "severity": notice.severity.value,
        "id": first.id if alone else "",
        "title": first.title if alone else "",
        "hosts": list(notice.hosts[:MOST_LISTED]),
        "items": [
            {"kind": kinds.get(each.key, notice.kind.value), "id": each.id, "severity": each.severity.value,
             "host": each.host, "subject": each.subject, "title": each.title, "leads_to": list(each.leads_to)}
            for each in listed
        ],
        "more": len(notice.causes) - len(listed),
        "remedy": first.remedy if alone else "",
        "text": f"[{fleet}] {describe_notice(notice)}",
    }  # fmt: skip
