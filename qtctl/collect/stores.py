"""Redis servers, each with one pipeline of reading commands."""

from collections.abc import Iterable, Mapping

from qtctl.collect.look import Look
from qtctl.errors import HostError
from qtctl.model.desired import DesiredStore
from qtctl.model.evidence import Need
from qtctl.probes import stores as probe
from qtctl.probes.answer import not_asked

PING = ("PING",)


def ask(look: Look, needs: Iterable[Need], passwords: Mapping[str, str]) -> None:
    """Note every store fact. A store that is not reached refuses its own facts, and nothing else."""
    by_store: dict[str, list[Need]] = {}
    for need in needs:
        by_store.setdefault(probe.store_of(need), []).append(need)
    stores = {store.name: store for store in look.desired.stores}
    for name, wanted in sorted(by_store.items()):
        store = stores.get(name)
        if store is None:
            look.ledger.add(not_asked(need, f"no store {name!r} is declared") for need in wanted)
        else:
            _ask(look, store, wanted, passwords.get(name))


def _ask(look: Look, store: DesiredStore, needs: list[Need], password: str | None) -> None:
    asked = probe.probe(needs, store.address, store.port)
    at, begin = look.clock.now(), look.clock.monotonic()
    try:
        replies = look.host.store(store.address, store.port, password).ask(asked.commands, look.deadline.left())
    except HostError as error:
        took_s = look.clock.monotonic() - begin
        again = probe.cli(PING, store.address, store.port)
        number = look.ledger.ask("redis", PING, again, at=at, took_s=took_s)
        look.ledger.refuse(needs, str(error), [number])
        return
    took_s = look.clock.monotonic() - begin
    pairs = zip(asked.commands, asked.again, strict=True)
    numbers = [look.ledger.ask("redis", command, again, at=at, took_s=took_s) for command, again in pairs]
    look.ledger.add(asked.parse(replies), numbers)
