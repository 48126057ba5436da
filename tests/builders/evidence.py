"""Items of evidence, and rows of `ss`."""

from collections.abc import Sequence

from qtctl.model.evidence import Item, State
from qtctl.model.fact import Fact, make_value
from qtctl.model.facts import Listeners


def observe(subject: str, fact: Fact, *, ask: int = 1, store: str = "") -> Item:
    return Item(fact.FACT, subject, State.OBSERVED, make_value(fact), None, ask, store=store)


def miss(fact: str, subject: str, state: State, reason: str | None = None, *, ask: int = 1, store: str = "") -> Item:
    """An item that has no value: absent, refused, unparseable, or not asked for."""
    return Item(fact, subject, state, None, reason, ask, store=store)


def listen(address: str, port: int | str, unit: str) -> list[str]:
    """A row of `Listeners`. Without `unit`, nobody knows whose socket it is."""
    group = f" cgroup:/system.slice/{unit}" if unit else ""
    return [address, str(port), unit, f"LISTEN 0 5 {address}:{port} 0.0.0.0:*{group}"]


def list_sockets(protocol: str, rows: Sequence[Sequence[str]] | None, *, ask: int = 1) -> Item:
    """Rows are [address, port, unit]; None: `ss` could not be run."""
    if rows is None:
        return miss("listeners", protocol, State.REFUSED, "no ss", ask=ask)
    return observe(protocol, Listeners([listen(*row) for row in rows]), ask=ask)
