"""Facts as a report reads them: each with its state, so that an unknown is never shown as none or 0."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from qtctl.model.evidence import Evidence, Need, State
from qtctl.model.fact import Fact
from qtctl.model.facts import Facts
from qtctl.model.moments import make_moment, parse_microseconds

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Seen(Generic[F]):
    """One fact. `value` is None unless observed; `why` says in words why it is unknown."""

    state: State
    value: F | None
    why: str

    @property
    def known(self) -> bool:
        return self.state.known


@dataclass(frozen=True, slots=True)
class FactReader:
    facts: Facts
    now_us: int

    @classmethod
    def of(cls, evidence: Evidence) -> "FactReader":
        return cls(Facts.of(evidence), parse_microseconds(evidence.taken_at))

    def see(self, kind: type[F], subject: str, store: str = "") -> Seen[F]:
        item = self.facts.find_item(Need(kind.FACT, subject, store))
        why = f"{item.state.value} ({item.reason})" if item.reason else item.state.value
        return Seen(item.state, self.facts.read(kind, subject, store) if item.state.known else None, why)

    def prove(self, kind: type[F], subject: str, store: str = "") -> str:
        """What was asked, and what was answered or why nothing was; '' if nothing was asked."""
        item = self.facts.find_item(Need(kind.FACT, subject, store))
        if not item.again:
            return ""
        if item.state.known:
            return f"{item.again} → {item.line or item.state.value}"
        return f"{item.again} → {item.state.value}" + (f": {item.reason}" if item.reason else "")

    def asked_us(self, kind: type[F], subject: str, store: str = "") -> int:
        """When the fact was asked for, or, if that is unknown, when the evidence was taken."""
        return self.facts.asked_us(Need(kind.FACT, subject, store))


def format_iso(us: int) -> str | None:
    """Microseconds since the epoch as UTC in ISO 8601; None for never."""
    at = make_moment(us)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
