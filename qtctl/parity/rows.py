"""What became of each service of a compose file: sides, rows, and the verdicts computed from them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.model.registry import DispositionKind
from qtctl.rules.sides import PortSide, UnitSide


class ParityVerdict(StrEnum):
    """Of a row, or of a whole report (which is parity, gap or unknown)."""

    PARITY = "parity"
    """Where it went runs, and every port is where the disposition says, by evidence."""
    GAP = "gap"
    GONE = "gone"
    """Absorbed or deprecated, with the reason."""
    NO_DISPOSITION = "no-disposition"
    UNKNOWN = "unknown"
    """Nothing is known to be wrong, and not everything is known."""


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One compose service. `line` is where the compose file begins it."""

    service: str
    line: int
    disposition: DispositionKind | None
    to: tuple[str, ...]
    why: str
    units: tuple[UnitSide, ...] = ()
    ports: tuple[PortSide, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def sides(self) -> tuple[UnitSide | PortSide, ...]:
        return (*self.units, *self.ports)

    @property
    def verdict(self) -> ParityVerdict:
        if self.disposition is None:
            return ParityVerdict.NO_DISPOSITION
        if self.findings:
            return ParityVerdict.GAP
        if self.disposition in (DispositionKind.ABSORBED, DispositionKind.DEPRECATED):
            return ParityVerdict.GONE
        known = all(side.outcome is Outcome.HOLDS for side in self.sides)
        return ParityVerdict.PARITY if known and self.units else ParityVerdict.UNKNOWN

    @property
    def unknowns(self) -> tuple[str, ...]:
        """The reasons of the sides that are unknown."""
        return tuple(dict.fromkeys(side.reason for side in self.sides if side.outcome is Outcome.UNKNOWN))


@dataclass(frozen=True, slots=True)
class ParityTotals:
    """Rows by verdict, counted: there is no other way to make one."""

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

    `gate`: the severity from which on a finding fails. `unreachable`: why nothing is known of the host, None where
    something is.
    """

    file: str
    host: str
    taken_at: str
    rows: tuple[ParityRow, ...]
    strays: tuple[Stray, ...]
    gate: Severity = Severity.WARNING
    unreachable: str | None = None

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
