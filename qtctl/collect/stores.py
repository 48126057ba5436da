"""Redis servers, each with one pipeline of reading commands."""

from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.collect import scanning
from qtctl.collect.look import STORES_SHARE, Observation
from qtctl.errors import HostError, Refused, Unreachable
from qtctl.model.desired_store import DesiredStore
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Listeners, Reach, UnixSocket
from qtctl.model.store_facts import StoreServer
from qtctl.probes import stores as probe
from qtctl.probes.answer import answer_absent, answer_not_asked, answer_refused

PING = ("PING",)
EXEC = Need(Reach.FACT, "exec")
SOCKETS = Need(Listeners.FACT, "tcp")
"""Distinguishes a server that does not run from one that does not answer."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A store that was not reached, for a reason that may lie in the store: `settle` says what it means."""

    store: DesiredStore
    needs: tuple[Need, ...]
    why: HostError
    ask: int


def ask(look: Observation, needs: Iterable[Need]) -> list[Unanswered]:
    """Note the facts of every store that answers. One that cannot be reached loses its own facts, and nothing else."""
    by_store: dict[str, list[Need]] = {}
    for need in needs:
        by_store.setdefault(probe.store_of(need), []).append(need)
    stores = {store.name: store for store in look.inquiry.stores}
    unanswered = []
    for number, (name, wanted) in enumerate(sorted(by_store.items())):
        store = stores.get(name)
        if store is None:
            look.ledger.add(answer_not_asked(need, f"no store {name!r} is declared") for need in wanted)
            continue
        within_s = look.deadline.left(STORES_SHARE) / (len(by_store) - number)
        left = _ask(look, store, wanted, within_s)
        unanswered += [left] if left else []
    return unanswered


def settle(look: Observation, unanswered: Iterable[Unanswered]) -> None:
    """Note the stores that did not answer, now that the host's sockets are known.

    If nothing listens on the port, the server is absent; its keys stay refused: nobody looked at them.
    """
    for left in unanswered:
        silent = not isinstance(left.why, Refused) and _is_unheard(look, left.store)
        server = [need for need in left.needs if need.fact == StoreServer.FACT and silent]
        again = probe.format_cli(PING, left.store)
        why = f"nobody listens on {left.store.socket or f'port {left.store.port}'}"
        look.ledger.add((answer_absent(need, why, again=again) for need in server), [left.ask])
        why, help_ = _explain(look, left.why)
        rest = (need for need in left.needs if need not in server)
        look.ledger.add((answer_refused(need, why, again=again, help_=help_) for need in rest), [left.ask])


def _explain(look: Observation, error: HostError) -> tuple[str, str]:
    """Reason and help. If a host forwards nothing and runs no store either, the first is the reason for both."""
    login = look.ledger.find_item(EXEC)
    if isinstance(error, Refused) and login is not None and login.state is State.REFUSED:
        return f"{error.describe_beside(look.host.address)}; {login.reason}", login.help or error.hint
    return error.explain_beside(look.host.address), error.hint


def _is_unheard(look: Observation, store: DesiredStore) -> bool:
    if store.socket:
        bound = look.ledger.find_item(Need(UnixSocket.FACT, store.socket))
        return bound is not None and bound.value is not None and bound.value == {"listening": [], "alike": False}
    sockets = look.ledger.find_item(SOCKETS)
    if sockets is None or sockets.state is not State.OBSERVED or sockets.value is None:
        return False
    rows = sockets.value["rows"]
    return isinstance(rows, list) and not any(isinstance(row, list) and row[1] == str(store.port) for row in rows)


def _ask(look: Observation, store: DesiredStore, needs: list[Need], within_s: float) -> Unanswered | None:
    asked = probe.probe(needs, store)
    at, begin = look.clock.now(), look.clock.monotonic()
    try:
        password = look.inquiry.passwords.get(store.name)
        server = look.host.store(store.address, store.port, password, store.user, store.db, tls=store.tls)
        replies = server.ask(asked.commands, within_s)
        left_s = within_s - (look.clock.monotonic() - begin)
        replies = scanning.follow(server, asked.commands, replies, look.clock, left_s)
    except HostError as error:
        again = probe.format_cli(PING, store)
        number = look.ledger.ask("redis", PING, again, at=at, took_s=look.clock.monotonic() - begin)
        if not isinstance(error, Unreachable):
            return Unanswered(store, tuple(needs), error, number)
        why = error.explain_beside(look.host.address)
        look.ledger.add((answer_refused(need, why, again=again, help_=error.hint) for need in needs), [number])
        return None
    took_s = look.clock.monotonic() - begin
    pairs = zip(asked.commands, asked.again, strict=True)
    numbers = [look.ledger.ask("redis", command, again, at=at, took_s=took_s) for command, again in pairs]
    look.ledger.add(asked.parse(replies), numbers)
    return None
