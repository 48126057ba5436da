"""What became of each service of a compose file: sides, rows, and the verdicts computed from them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.model.compose_settings import Dimension
from qtctl.model.registry import DispositionKind
from qtctl.rules.setting_fates import BROKEN, HOLDING, Fate, SettingFate
from qtctl.rules.sides import PortSide, UnitSide


class ParityVerdict(StrEnum):
    """The verdict on a row, or on a whole report (which is parity, gap or unknown)."""

    PARITY = "parity"
    """Where it went runs, every port is where the disposition says, and no setting is lost, by evidence."""
    GAP = "gap"
    GONE = "gone"
    """Absorbed or deprecated, with the reason."""
    NO_DISPOSITION = "no-disposition"
    UNKNOWN = "unknown"
    """Nothing is known to be wrong, and not everything is known."""


class DimensionVerdict(StrEnum):
    """The verdict on one dimension, of one service or of all."""

    PARITY = "parity"
    """Every setting is kept or accepted, and the host shows it."""
    GAP = "gap"
    UNKNOWN = "unknown"
    NONE = "none"
    """The compose file says nothing of it that a unit could have."""


class Fated(Protocol):
    """A setting, in whatever form."""

    @property
    def fate(self) -> Fate: ...


NO_SETTINGS: Final[Mapping[Fate, int]] = dict.fromkeys(Fate, 0)


@dataclass(frozen=True, slots=True)
class FateCounts:
    """Settings by fate, always counted from the settings themselves."""

    by_fate: tuple[tuple[Fate, int], ...]

    @classmethod
    def of(cls, settings: Iterable[Fated]) -> "FateCounts":
        counted = dict(NO_SETTINGS)
        for each in settings:
            counted[each.fate] += 1
        return cls(tuple(counted.items()))

    def count(self, *fates: Fate) -> int:
        return sum(number for fate, number in self.by_fate if fate in fates)

    @property
    def kept(self) -> int:
        """Those that are as they were, or are accepted as they are."""
        return self.count(*HOLDING)

    @property
    def settings(self) -> int:
        """Those that could be kept: all but the new ones and those that are about containers."""
        return sum(number for fate, number in self.by_fate if fate not in _ASIDE)

    @property
    def verdict(self) -> DimensionVerdict:
        return judge_fates(fate for fate, number in self.by_fate if number)


_ASIDE = frozenset({Fate.NEW, Fate.NOT_APPLICABLE})


def judge_fates(fates: Iterable[Fate]) -> DimensionVerdict:
    """The verdict for the fates that any setting has."""
    found = frozenset(fates)
    if found & BROKEN:
        return DimensionVerdict.GAP
    if Fate.UNKNOWN in found:
        return DimensionVerdict.UNKNOWN
    return DimensionVerdict.PARITY if found - _ASIDE else DimensionVerdict.NONE


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """One dimension of one compose service. `unshown`: why the host does not show what is declared; "": it does."""

    dimension: Dimension
    settings: tuple[SettingFate, ...]
    unshown: str = ""

    @property
    def counts(self) -> FateCounts:
        return FateCounts.of(self.settings)

    @property
    def verdict(self) -> DimensionVerdict:
        return judge_fates(each.fate for each in self.settings)


@dataclass(frozen=True, slots=True)
class NewService:
    """A service of the registry that no compose file has. `why`: what a legacy record says about it; "" if nothing."""

    name: str
    unit: str
    why: str


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One compose service. `line` is where the compose file begins it. `dimensions`: none if none were compared."""

    service: str
    line: int
    disposition: DispositionKind | None
    to: tuple[str, ...]
    why: str
    units: tuple[UnitSide, ...] = ()
    ports: tuple[PortSide, ...] = ()
    findings: tuple[Finding, ...] = ()
    dimensions: tuple[DimensionRow, ...] = ()

    @property
    def sides(self) -> tuple[UnitSide | PortSide, ...]:
        return (*self.units, *self.ports)

    @property
    def settings(self) -> tuple[SettingFate, ...]:
        """Those of all dimensions."""
        return tuple(each for row in self.dimensions for each in row.settings)

    @property
    def verdict(self) -> ParityVerdict:
        if self.disposition is None:
            return ParityVerdict.NO_DISPOSITION
        if self.findings:
            return ParityVerdict.GAP
        if self.disposition in (DispositionKind.ABSORBED, DispositionKind.DEPRECATED):
            return ParityVerdict.GONE
        known = all(side.outcome is Outcome.HOLDS for side in self.sides)
        open_ = any(each.verdict is DimensionVerdict.UNKNOWN for each in self.dimensions)
        return ParityVerdict.PARITY if known and self.units and not open_ else ParityVerdict.UNKNOWN

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The reasons of the sides that are unknown, then those of settings."""
        sides = (side.reason for side in self.sides if side.outcome is Outcome.UNKNOWN)
        settings = (setting.reason for setting in self.settings if setting.fate is Fate.UNKNOWN)
        return tuple(dict.fromkeys((*sides, *settings)))


@dataclass(frozen=True, slots=True)
class ParityTotals:
    """Rows by verdict, always counted from the rows themselves."""

    by_verdict: tuple[tuple[ParityVerdict, int], ...]

    @classmethod
    def of(cls, rows: Iterable[ParityRow]) -> "ParityTotals":
        counted = Counter(row.verdict for row in rows)
        return cls(tuple((verdict, counted[verdict]) for verdict in ParityVerdict))

    def count(self, verdict: ParityVerdict) -> int:
        return dict(self.by_verdict)[verdict]

    @property
    def services(self) -> int:
        return sum(count for _, count in self.by_verdict)


@dataclass(frozen=True, slots=True)
class Stray:
    """A disposition of a service that the compose file does not have."""

    service: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class ParityReport:
    """One compose file against one host. `taken_at` is '' without evidence; `strays` are findings of no row.

    `gate`: the severity from which on a finding fails. `unreachable`: why nothing is known of the host, None if
    something is. `ran`: whether the legacy record says that this file is what ran.
    """

    file: str
    host: str
    taken_at: str
    rows: tuple[ParityRow, ...]
    strays: tuple[Stray, ...]
    gate: Severity = Severity.WARNING
    unreachable: str | None = None
    ran: bool = True

    @property
    def totals(self) -> ParityTotals:
        return ParityTotals.of(self.rows)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*(finding for row in self.rows for finding in row.findings), *(stray.finding for stray in self.strays))

    @property
    def has_undisposed(self) -> bool:
        return self.totals.count(ParityVerdict.NO_DISPOSITION) > 0

    @property
    def verdict(self) -> ParityVerdict:
        """gap where anything is found, however severe; else unknown, else parity."""
        if self.findings:
            return ParityVerdict.GAP
        if self.totals.count(ParityVerdict.UNKNOWN) or not self.rows:
            return ParityVerdict.UNKNOWN
        return ParityVerdict.PARITY
