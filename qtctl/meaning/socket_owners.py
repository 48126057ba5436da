"""Which of the sockets that systemd itself holds (init.scope) belong to a unit: those of a socket unit's `Listen=`."""

from collections.abc import Iterable

from qtctl.dialects.systemd.listen import Heard, find_heard
from qtctl.meaning.addresses import Relation, relate_addresses
from qtctl.meaning.listeners import SYSTEMD, DeclaredPort, Row, Sockets, find_sockets
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.unit_kinds import UnitKind

_SOCKET = UnitKind.SOCKET.suffix


def list_starting_sockets(facts: Facts, unit: str) -> tuple[str, ...]:
    """The sockets that start a unit, as far as systemd was asked: only for units that nothing generates."""
    names = _find_loaded(facts, unit, "TriggeredBy")
    return tuple(str(name) for name in names or () if str(name).endswith(_SOCKET))


def read_sockets(facts: Facts, rows: Iterable[Row], declared: DeclaredPort) -> Sockets:
    """What the sockets `rows` mean for a declared port."""
    return find_sockets(rows, declared, list_seen_owners(facts, declared.owners, declared.port))


def list_seen_owners(facts: Facts, owners: tuple[str, ...], port: Listener) -> tuple[str, ...]:
    """`owners` of a declared port, plus systemd only if a socket of theirs is loaded for that port.

    If systemd was not asked what their sockets listen on, `owners` stay as declared.
    """
    triggers = tuple(name for owner in owners for name in list_starting_sockets(facts, owner))
    whole = tuple(dict.fromkeys((*owners, *triggers)))
    listens = [_list_heard(facts, name) for name in whole if name.endswith(_SOCKET)]
    known = [each for each in listens if each is not None]
    if any(_is_at(each, port) for found in known for each in found):
        return tuple(dict.fromkeys((*whole, SYSTEMD)))
    return whole if len(known) < len(listens) else tuple(name for name in whole if name != SYSTEMD)


def _is_at(each: Heard, port: Listener) -> bool:
    same = (each.protocol, each.port) == (port.protocol, port.port)
    return same and relate_addresses(port.address, each.address) is not Relation.ELSEWHERE


def _list_heard(facts: Facts, socket: str) -> tuple[Heard, ...] | None:
    """Its ports as loaded; None if unknown. `[::]` may accept IPv4 too."""
    rows = _find_loaded(facts, socket, "Listen")
    if rows is None:
        return None
    found = (_read_heard(row) for row in rows)
    return tuple(each for each in found if each is not None)


def _read_heard(row: object) -> Heard | None:
    match row:
        case [str(kind), str(address)]:
            return find_heard(f"Listen{kind}", address, ipv6_only=False)
    return None


def _find_loaded(facts: Facts, unit: str, name: str) -> Iterable[object] | None:
    if not facts.find_item(Need(Unit.FACT, unit)).state.known:
        return None
    found = facts.read(Unit, unit)
    value = (found.loaded or {}).get(name) if found is not None else None
    return value if isinstance(value, list) else None


def find_holder(facts: Facts, protocol: str, row: Row) -> str:
    """The socket unit that a socket of systemd's own belongs to, as far as it was asked; else systemd's own name."""
    for name in facts.list_subjects(Unit.FACT):
        if name.endswith(_SOCKET) and any(_is_row(each, protocol, row) for each in _list_heard(facts, name) or ()):
            return name
    return SYSTEMD


def _is_row(each: Heard, protocol: str, row: Row) -> bool:
    same = (each.protocol, str(each.port)) == (protocol, row[1])
    return same and relate_addresses(each.address, row[0]) is not Relation.ELSEWHERE
