"""What a change of the registry would do: the plan of each host, and what becomes of parity; for a comment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.parity.rows import ParityReport, ParityRow
from qtctl.plan.assumed import AssumedPlan
from qtctl.reports.phrases import NONE


@dataclass(frozen=True, slots=True)
class ParityChange:
    """`what`: the service itself, or a setting of it. `was` and `now` in words."""

    file: str
    service: str
    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class HostChange:
    """`planned`: None if there is no plan, for the reason in `why`. `source`: what the plan rests on, in words."""

    host: str
    planned: AssumedPlan | None
    source: str = ""
    why: str = ""
    parity: tuple[ParityChange, ...] = ()

    @property
    def is_refused(self) -> bool:
        return self.planned is not None and bool(self.planned.plan.refusals)

    @property
    def steps(self) -> int:
        return len(self.planned.plan.steps) if self.planned is not None else 0


@dataclass(frozen=True, slots=True)
class Change:
    """`base`: the commit that it is compared with. `gone`: hosts that are no longer declared."""

    base: str
    hosts: tuple[HostChange, ...]
    gone: tuple[str, ...] = ()
    why: str = ""
    """Why nothing could be compared."""
    is_same: bool = False
    """Whether the registry is, byte for byte, what it was."""


def compare_parity(before: Sequence[ParityReport], after: Sequence[ParityReport]) -> tuple[ParityChange, ...]:
    """What differs between two comparisons of the same compose files with the same evidence."""
    found: list[ParityChange] = []
    for old, new in zip(before, after, strict=True):
        rows = {row.service: row for row in old.rows}
        for row in new.rows:
            was = rows.get(row.service)
            if was is not None:
                found += _compare_rows(new.file, was, row)
    return tuple(found)


def _compare_rows(file: str, old: ParityRow, new: ParityRow) -> Iterator[ParityChange]:
    if (old.verdict, old.to) != (new.verdict, new.to):
        yield ParityChange(file, new.service, "the service", _describe_row(old), _describe_row(new))
    before = {(each.dimension, each.item): each for each in old.settings}
    after = {(each.dimension, each.item): each for each in new.settings}
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        shown = [NONE if each is None else _describe_setting(each.declared.value, each.now) for each in (was, now)]
        if shown[0] != shown[1]:
            item = key[1] if key[1].startswith(key[0].value) else f"{key[0].value} {key[1]}"
            yield ParityChange(file, new.service, item, shown[0], shown[1])


def _describe_row(row: ParityRow) -> str:
    where = f", to {', '.join(row.to)}" if row.to else ""
    return f"{row.verdict.value}{where}"


def _describe_setting(fate: str, now: str) -> str:
    return f"{fate}{': ' * bool(now)}{now}"
