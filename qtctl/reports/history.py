"""Memory, restarts and lag of a host over its snapshots, each as a small picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qtctl.model.evidence import Evidence
from qtctl.model.facts import HostBaseline, Unit
from qtctl.model.store_facts import StreamGroup
from qtctl.reports.blocks import Blocks, Code, Paragraph, Text, Tone, make_table
from qtctl.reports.look import FactReader
from qtctl.reports.phrases import UNKNOWN, format_count, format_size
from qtctl.reports.pictures import make_trend

LOOKS = 24
"""So many snapshots are read, the latest of them."""
MOST = 20
"""Rows of one kind: those that reached most."""
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TrendRow:
    """`values`: of each look, the earliest first; None where it is not known. `size`: whether they are bytes."""

    what: str
    name: str
    values: Values
    size: bool = False


def list_trends(looks: Sequence[Evidence]) -> tuple[TrendRow, ...]:
    """`looks`: evidence of one host, the earliest first. Restarts and lags that were always 0 are left out."""
    facts = [FactReader.of(each) for each in looks]
    names = [{(item.fact, item.subject, item.store) for item in each.items} for each in looks]
    every = sorted(set().union(*names))

    def follow(fact: str, read: Callable[[FactReader, str, str], float | None]) -> list[tuple[str, Values]]:
        rows = (
            (subject, tuple(read(each, subject, store) for each in facts))
            for kind, subject, store in every
            if kind == fact
        )
        moved = [(subject, values) for subject, values in rows if any(values)]
        return sorted(moved, key=lambda row: (-max(value or 0 for value in row[1]), row[0]))[:MOST]

    memory = tuple(map(_read_memory, facts))
    return (
        *([TrendRow("memory in use", "the host", memory, size=True)] if any(memory) else []),
        *(TrendRow("memory in use", name, values, size=True) for name, values in follow(Unit.FACT, _read_own_memory)),
        *(TrendRow("restarts", name, values) for name, values in follow(Unit.FACT, _read_restarts)),
        *(TrendRow("lag", name, values) for name, values in follow(StreamGroup.FACT, _read_lag)),
    )


def _read_memory(look: FactReader) -> float | None:
    host = look.see(HostBaseline, "host").value
    return None if host is None else host.memory_total - host.memory_available


def _read_own_memory(look: FactReader, unit: str, _: str) -> float | None:
    seen = look.see(Unit, unit).value
    return None if seen is None else seen.memory_current


def _read_restarts(look: FactReader, unit: str, _: str) -> float | None:
    seen = look.see(Unit, unit).value
    return None if seen is None else seen.n_restarts


def _read_lag(look: FactReader, subject: str, store: str) -> float | None:
    seen = look.see(StreamGroup, subject, store).value
    return None if seen is None else seen.lag


def show_history(looks: Sequence[Evidence]) -> Blocks:
    """Nothing if there are fewer than two."""
    if len(looks) < 2:  # noqa: PLR2004 - a line needs two ends
        return ()
    said = f"{format_count(len(looks), 'look')} from {looks[0].taken_at} to {looks[-1].taken_at}."
    rows = make_table(("what", "of", "earliest to latest"), map(_make_cells, list_trends(looks)))
    return (Paragraph(said), *(rows or (Paragraph("No restart and no lag in any of them."),)))


def _make_cells(row: TrendRow) -> tuple[Text, ...]:
    words = f"{_format(row.values[0], row)} → {_format(row.values[-1], row)}"
    return row.what, Code(row.name), make_trend(row.values, words, _choose_tone(row))


def _choose_tone(row: TrendRow) -> Tone:
    """Restarts and lag that have grown since the look before are worth a glance."""
    *_, before, now = row.values
    return Tone.WARNING if not row.size and before is not None and now is not None and now > before else Tone.NOTE


def _format(value: float | None, row: TrendRow) -> str:
    if value is None:
        return UNKNOWN
    return format_size(int(value)) if row.size else f"{value:.0f}"


def join_looks(earlier: Iterator[Evidence], now: Evidence) -> tuple[Evidence, ...]:
    """The earlier ones, and the present one last."""
    return (*(each for each in earlier if each.taken_at < now.taken_at), now)
