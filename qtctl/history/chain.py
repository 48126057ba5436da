"""The snapshots that a store holds for one host → checks: whether each is as it was written, and none is missing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Outcome, make_fingerprint
from qtctl.findings.meaning import Meaning, Wording
from qtctl.history.archive import unpack
from qtctl.history.index import make_entry, make_file_name
from qtctl.model.snapshot import Chain, Entry, Snapshot, Stored
from qtctl.rules.history.chain import FORKED, INDEX, MISSING, NOT_READ, QT1001, QT1002, UNSIGNED

Signatures = Callable[[Stored, Snapshot], str]
"""Why a signature is invalid; '' if it is valid."""
_RESTORE = "restore it from where the store is copied to; qtctl explain QT1002"
_REBUILD = "see who changed the store; qtctl snapshot verify --rebuild-index lists what is there as it is now"
OVERDUE_DAYS = 35
"""A month and four days, for any day of the month that the timer is set to."""


@dataclass(frozen=True, slots=True)
class Link:
    """A snapshot that could be read, and where it is stored."""

    snapshot: Snapshot
    stored: Stored

    @property
    def number(self) -> int:
        return self.snapshot.head.number


@dataclass(frozen=True, slots=True)
class Checked:
    """`links`: those that can be read, by number."""

    host: str
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]


def check_chain(chain: Chain, signatures: Signatures) -> Checked:
    """Every check of one host's chain, those that hold too."""
    links, found = [], []
    for stored in chain.stored:
        try:
            link = Link(unpack(stored.content, stored.where), stored)
        except InputError as error:
            found.append(_make_broken(chain.host, stored.where, error.what, _RESTORE, NOT_READ))
            continue
        links.append(link)
        found.append(_judge_one(chain, link, signatures))
    links.sort(key=lambda each: (each.number, each.snapshot.digest))
    found += _judge_order(chain, links)
    if chain.stored or chain.index or chain.damage:
        found.append(_judge_index(chain, links, whole=len(links) == len(chain.stored)))
    return Checked(chain.host, tuple(links), tuple(found))


def check_months(host: str, taken: Sequence[str], now: str) -> tuple[Finding, ...]:
    """QT1001 for every month from the first snapshot on that is over. Times in ISO 8601, sorted."""
    if not taken:
        return (_make_broken(host, "snapshots", "there is none", "qtctl snapshot take", rule=QT1001),)
    months, had = _list_months(taken[0][:7], now[:7]), {each[:7] for each in taken}
    found = [
        _make_holding(host, month, QT1001)
        if month in had
        else _make_broken(host, month, "it has no snapshot", "see why its timer did not run", rule=QT1001)
        for month in months
    ]
    age = _count_days(now) - _count_days(taken[-1])
    if age > OVERDUE_DAYS and now[:7] not in had:
        what = f"the newest snapshot is {age} days old, and one a month is due"
        found.append(_make_broken(host, now[:7], what, "qtctl snapshot take", rule=QT1001))
    return tuple(found)


def _list_months(first: str, last: str) -> Iterator[str]:
    """`2026-01` up to the month before `last`."""
    year, month = map(int, first.split("-"))
    while (name := f"{year:04d}-{month:02d}") < last:
        yield name
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 - months of a year


def _count_days(time: str) -> int:
    from datetime import date  # noqa: PLC0415 - only a check of months counts days

    return date.fromisoformat(time[:10]).toordinal()


def _judge_one(chain: Chain, link: Link, signatures: Signatures) -> Finding:
    head, stored = link.snapshot.head, link.stored
    if head.host != chain.host:
        return _make_broken(chain.host, stored.where, f"it belongs to {head.host}", _RESTORE, FORKED)
    if (name := stored.where.rpartition("/")[2]).endswith(".qtsnap") and name != make_file_name(link.snapshot):
        return _make_broken(
            chain.host, stored.where, f"its content is that of {make_file_name(link.snapshot)}", _RESTORE, FORKED
        )
    if why := signatures(stored, link.snapshot):
        return _make_broken(chain.host, stored.where, why, "see who wrote it", UNSIGNED)
    return _make_holding(chain.host, stored.where)


def _judge_order(chain: Chain, links: Sequence[Link]) -> Iterator[Finding]:
    yield from _judge_first(chain, links)
    for before, after in pairwise(links):
        yield _judge_pair(chain.host, before, after)


def _judge_first(chain: Chain, links: Sequence[Link]) -> Iterator[Finding]:
    """Those before the oldest may be gone only if retention removed them."""
    if not links:
        return
    first, pruned = links[0].snapshot.head, chain.pruned
    subject = f"before number {first.number}"
    if first.number == 1:
        return
    if pruned is None or (pruned.number, pruned.digest) != (first.number - 1, first.previous):
        what = f"{first.number - 1} earlier ones are missing, and retention did not remove them"
        yield _make_broken(chain.host, subject, what, _RESTORE, MISSING)
    else:
        yield _make_holding(chain.host, subject)


def _judge_pair(host: str, before: Link, after: Link) -> Finding:
    subject, missing = after.stored.where, after.number - before.number - 1
    if missing < 0:
        return _make_broken(host, subject, f"another has the number {after.number}, too", _RESTORE, FORKED)
    if missing:
        numbers = f"number {before.number + 1}" if missing == 1 else f"{before.number + 1} to {after.number - 1}"
        return _make_broken(host, f"{numbers}", f"not there: {after.number} follows {before.number}", _RESTORE, MISSING)
    if after.snapshot.head.previous != before.snapshot.digest:
        named, there = after.snapshot.head.previous[:12], before.snapshot.digest[:12]
        what = f"it follows {named}, and number {before.number} is {there}"
        return _make_broken(host, subject, what, _RESTORE, FORKED)
    if after.snapshot.head.taken_at < before.snapshot.head.taken_at:
        what = f"taken {after.snapshot.head.taken_at}, before number {before.number} ({before.snapshot.head.taken_at})"
        return _make_broken(host, subject, what, "see whether the host's clock was set back", FORKED)
    return _make_holding(host, f"{before.number} and {after.number}")


def _judge_index(chain: Chain, links: Sequence[Link], *, whole: bool) -> Finding:
    """Only the index shows that the newest is gone."""
    subject = "index"
    if chain.damage:
        return _make_broken(chain.host, subject, chain.damage, _REBUILD, INDEX)
    if chain.index is None:
        reason = "there is no index, so it cannot be told whether the newest is here: --rebuild-index makes one"
        return replace(_make_holding(chain.host, subject), outcome=Outcome.UNKNOWN, reason=reason)
    listed = {(each.number, each.digest, each.previous, each.taken_at) for each in chain.index}
    there = {(each.number, each.digest, each.previous, each.taken_at) for each in map(_make_entry, links)}
    if gone := sorted(listed - there):
        damaged = "" if whole else ", or one of those that are damaged"
        return _make_broken(
            chain.host, subject, f"it lists number {gone[0][0]}, which is missing{damaged}", _RESTORE, MISSING
        )
    if more := sorted(there - listed):
        return _make_broken(chain.host, subject, f"number {more[0][0]} is there, and not listed", _REBUILD, INDEX)
    return _make_holding(chain.host, subject)


def _make_entry(link: Link) -> Entry:
    return make_entry(link.snapshot)


def _make_holding(host: str, subject: str, rule: Meaning = QT1002) -> Finding:
    return Finding(
        id=rule.id, outcome=Outcome.HOLDS, severity=rule.severity, title=rule.title, subject=subject, host=host,
        fingerprint=make_fingerprint(rule.id, host, subject),
    )  # fmt: skip


def _make_broken(
    host: str, subject: str, what: str, remedy: str, wording: Wording | None = None, *, rule: Meaning = QT1002
) -> Finding:
    title = wording.title if wording else rule.title
    return replace(
        _make_holding(host, subject, rule), outcome=Outcome.BROKEN, title=title, what=what, observed=what, remedy=remedy
    )
