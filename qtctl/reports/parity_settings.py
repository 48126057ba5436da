"""Settings of compose services in a parity document: each with its fate, by dimension, and counted."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from pydantic import Field, model_validator

from qtctl.model.compose_settings import Dimension
from qtctl.parity.rows import NO_SETTINGS, DimensionRow, DimensionVerdict, FateCounts
from qtctl.parity.rows import NewService as Unclaimed
from qtctl.reports.document import Part
from qtctl.rules.setting_fates import Fate, SettingFate


class SettingRow(Part):
    """`line`: None if no compose file has it. `then`, `now`: '' if there is nothing; secrets appear as (hidden)."""

    item: str
    line: int | None
    then: str
    now: str
    fate: Fate
    declared: Fate = Field(description="its fate according to the registry alone")
    reason: str
    rules: tuple[str, ...]

    @classmethod
    def of(cls, found: SettingFate) -> "SettingRow":
        return cls(
            item=found.item,
            line=found.line or None,
            then=found.then,
            now=found.now,
            fate=found.fate,
            declared=found.declared,
            reason=found.reason,
            rules=found.rules,
        )


class DimensionCounts(Part):
    """`kept` of `settings` are unchanged or accepted. New settings, and those about containers, are not counted."""

    dimension: Dimension
    verdict: DimensionVerdict
    kept: int
    settings: int
    by_fate: dict[Fate, int]

    @classmethod
    def of(cls, dimension: Dimension, counts: FateCounts) -> "DimensionCounts":
        return _make_counts(dimension, counts)

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        found = _summarize(FateCounts(tuple(self.by_fate.items())))
        if (self.kept, self.settings, self.verdict) != found:
            raise ValueError("the counts do not follow from the fates")
        return self


@lru_cache(maxsize=4096)
def _summarize(counts: FateCounts) -> tuple[int, int, DimensionVerdict]:
    """Cached: pydantic checks a part again whenever it becomes part of another."""
    return counts.kept, counts.settings, counts.verdict


@lru_cache(maxsize=4096)
def _make_counts(dimension: Dimension, counts: FateCounts) -> DimensionCounts:
    """Cached: most services have the same counts."""
    return DimensionCounts(
        dimension=dimension,
        verdict=counts.verdict,
        kept=counts.kept,
        settings=counts.settings,
        by_fate=dict(counts.by_fate),
    )


class DimensionPart(Part):
    """One dimension of one service. `unshown`: why the host does not show what is declared; null if it does."""

    dimension: Dimension
    counts: DimensionCounts
    unshown: str | None
    settings: tuple[SettingRow, ...]

    @classmethod
    def of(cls, row: DimensionRow) -> "DimensionPart":
        return cls(
            dimension=row.dimension,
            counts=DimensionCounts.of(row.dimension, row.counts),
            unshown=row.unshown or None,
            settings=tuple(map(SettingRow.of, row.settings)),
        )

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        found = dict(FateCounts.of(self.settings).by_fate)
        if self.counts.dimension is not self.dimension or found != {**NO_SETTINGS, **self.counts.by_fate}:
            raise ValueError("the settings do not add up to the counts")
        return self


class NewServiceRow(Part):
    """A service that is in none of the files. `why`: what a legacy record says about it, else ''."""

    name: str
    unit: str
    why: str

    @classmethod
    def of(cls, found: Unclaimed) -> "NewServiceRow":
        return cls(name=found.name, unit=found.unit, why=found.why)


def sum_dimensions(every: Iterable[DimensionCounts]) -> tuple[DimensionCounts, ...]:
    """One for each dimension; empty if nothing was compared."""
    found: defaultdict[Dimension, dict[Fate, int]] = defaultdict(lambda: dict(NO_SETTINGS))
    for each in every:
        total = found[each.dimension]
        for fate, count in each.by_fate.items():
            total[fate] += count
    return tuple(
        DimensionCounts.of(dimension, FateCounts(tuple(found[dimension].items())))
        for dimension in Dimension
        if dimension in found
    )
