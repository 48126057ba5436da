"""Whether a host under observation can still become as declared by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from qtctl.findings.finding import Finding, Outcome
from qtctl.meaning.units import is_down, is_settled
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit

DOWN_S = 2.0
"""How long a unit that should be up must have been down before it is not waited for any more."""

SETTLED_S = 5.0
"""How long open findings must be unchanged, with no unit starting or stopping, before the wait ends."""

MOVES_BY_ITSELF = ("QT3", "QT5")
"""Families of findings about what a running program does in its own time: listen, read and write streams."""

_State = tuple[str, str, int, int]
"""A unit's active and sub state, how often it was restarted, and when its process started."""


@dataclass
class Settled:
    """Since when (monotonic seconds) the open findings are unchanged, and units are down."""

    open_since: float
    open: frozenset[str] = frozenset()
    down: dict[str, tuple[_State, float]] = field(default_factory=dict)

    def see(self, outstanding: Sequence[Finding], facts: Facts, triggered: frozenset[str], now: float) -> bool:
        """Whether nothing can change any more.

        A unit that failed or ended, and that systemd does not restart, stays down; then the gate cannot open. Otherwise
        every open finding must be of a kind that does not resolve by itself.
        """
        fingerprints = frozenset(each.fingerprint for each in outstanding)
        if fingerprints != self.open:
            self.open, self.open_since = fingerprints, now
        units = {each.subject: unit for each in outstanding if (unit := _find_unit(facts, each)) is not None}
        states = {name: _read_state(unit) for name, unit in units.items() if is_down(unit) and name not in triggered}
        kept = {name: since for name, (state, since) in self.down.items() if states.get(name) == state}
        self.down = {name: (state, kept.get(name, now)) for name, state in states.items()}
        if any(now - since >= DOWN_S for _, since in self.down.values()):
            return True
        rest = all(each.outcome is Outcome.BROKEN and not each.id.startswith(MOVES_BY_ITSELF) for each in outstanding)
        on_its_way = any(not is_down(unit) and not is_settled(unit) for unit in units.values())
        return bool(outstanding) and rest and not on_its_way and now - self.open_since >= SETTLED_S


def _find_unit(facts: Facts, finding: Finding) -> Unit | None:
    """The unit that a broken finding is about; None for other findings."""
    item = facts.find_item(Need(Unit.FACT, finding.subject))
    return facts.read(Unit, finding.subject) if finding.outcome is Outcome.BROKEN and item.state.known else None


def _read_state(unit: Unit) -> _State:
    return unit.active_state, unit.sub_state, unit.n_restarts, unit.exec_main_start_timestamp
