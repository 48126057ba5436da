"""Who listens where: whether a declared port is served by its unit, at its address."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.meaning.addresses import Relation, is_loopback, parse_address, relate_addresses
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import DesiredUnit, Listener
from qtctl.model.unit_kinds import UnitKind

Row = list[str]
"""Address, port, unit ('' if the kernel names none) and the line that ss printed."""


def read_full_queue(row: Row) -> tuple[int, int] | None:
    """How many connections wait for the program, and how many its queue holds: the kernel drops every further one.

    None if there is room.
    """
    protocol, _, waiting, room, *_ = (*row[3].split(" "), "", "", "", "")
    if protocol == "tcp" and waiting.isdecimal() and room.isdecimal() and int(waiting) > int(room) > 0:
        return int(waiting), int(room)
    return None


SYSTEMD = "init.scope"
"""The control group of systemd itself."""


class Served(StrEnum):
    """How a declared port was found. The first that applies, in this order."""

    LISTENING = "listening"
    """Its unit listens at the declared address, and nowhere wider."""
    WRONG_ADDRESS = "wrong-address"
    """Its unit listens on the port, wider or narrower than declared, or at another address."""
    TAKEN = "taken"
    """Another unit has the address."""
    UNOWNED = "unowned"
    """The address is taken, and the kernel does not say by which unit."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Sockets:
    """The listening sockets on a port number, by what they mean for the declared port.

    `there`: of the unit, answering at the declared address or part of it. `elsewhere`: of the unit, at other addresses.
    `taken`: of other units, overlapping, even alongside the unit's own. `unowned`: overlapping, without an owner that
    the kernel names. `wrong`: of the unit, and neither the declared address nor, together with others, exactly it.
    """

    there: tuple[Row, ...]
    elsewhere: tuple[Row, ...]
    taken: tuple[Row, ...]
    unowned: tuple[Row, ...]
    wrong: tuple[Row, ...]
    all: tuple[Row, ...]
    exact: bool

    @property
    def served(self) -> Served:
        if self.there and not self.taken:
            return Served.LISTENING if self.exact and not self.wrong else Served.WRONG_ADDRESS
        if self.taken:
            return Served.TAKEN
        if self.unowned:
            return Served.UNOWNED
        return Served.WRONG_ADDRESS if self.elsewhere else Served.NOBODY


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port of `unit`. `owners`: the units whose socket it may be, by any of their names, its own first."""

    unit: DesiredUnit
    port: Listener
    owners: tuple[str, ...]

    @property
    def also(self) -> tuple[str, ...]:
        """Other declared addresses of the unit with the same port number."""
        same = (each for each in self.unit.ports if (each.protocol, each.port) == (self.port.protocol, self.port.port))
        return tuple(each.address for each in same)


def list_declared_ports(desired: Desired) -> tuple[DeclaredPort, ...]:
    """Every port of the host, once: if a socket holds one that its service declares too, it is the service's."""
    starters = desired.map_starters()
    found = [port for unit in desired.units() for port in list_ports(unit, starters)]
    of_services = {(each.unit.unit, _locate(each.port)) for each in found}
    return tuple(
        each
        for each in found
        if each.unit.kind is not UnitKind.SOCKET or (each.unit.triggers, _locate(each.port)) not in of_services
    )


def list_ports(unit: DesiredUnit, starters: Mapping[str, Iterable[DesiredUnit]]) -> Iterator[DeclaredPort]:
    """The ports that `unit` declares itself. `starters`: unit → what starts it."""
    sockets = [each for each in starters.get(unit.unit, ()) if each.kind is UnitKind.SOCKET]
    for port in unit.ports:
        yield DeclaredPort(unit, port, tuple(dict.fromkeys(_list_owners(unit, sockets, port))))


def _list_owners(unit: DesiredUnit, sockets: Iterable[DesiredUnit], port: Listener) -> Iterator[str]:
    """systemd opens the sockets of a socket unit, so the kernel names init.scope or the socket unit as owner."""
    yield from unit.names
    if unit.kind is UnitKind.SOCKET:
        yield from (unit.triggers, SYSTEMD)
    for socket in sockets:
        if any((each.protocol, each.port) == (port.protocol, port.port) for each in socket.ports):
            yield from (*socket.names, SYSTEMD)


def _locate(port: Listener) -> tuple[str, str, int]:
    return port.protocol, port.address, port.port


def find_sockets(rows: Iterable[Row], declared: DeclaredPort, names: Collection[str]) -> Sockets:
    """Those of `rows` (of the port's protocol) with its number. `names`: every name its unit may have.

    A unit that nothing generates, and that is declared at one loopback address, may listen at others.
    """
    port, also = declared.port, declared.also
    loopback = not declared.unit.generated and is_loopback(port.address)
    here = tuple(row for row in rows if row[1] == str(port.port))
    related = [(row, relate_addresses(port.address, row[0])) for row in here]
    overlapping = [(row, bound) for row, bound in related if bound is not Relation.ELSEWHERE]
    there = [(row, bound) for row, bound in overlapping if row[2] in names]
    elsewhere = tuple(row for row, bound in related if bound is Relation.ELSEWHERE and row[2] in names)
    exact = _is_exact(port.address, there)
    narrower = () if exact else tuple(row for row, bound in there if bound is Relation.NARROWER)
    wider = tuple(row for row, bound in there if bound is Relation.WIDER)
    further = [row for row in (*wider, *(row for row in elsewhere if row[2] != SYSTEMD)) if not _is_at(row, also)]
    beyond = [row for row in further if not (loopback and is_loopback(row[0]))]
    return Sockets(
        there=tuple(row for row, _ in there),
        elsewhere=elsewhere,
        taken=tuple(row for row, _ in overlapping if row[2] and row[2] not in names),
        unowned=tuple(row for row, _ in overlapping if not row[2]),
        wrong=(*narrower, *beyond) if there else elsewhere,
        all=here,
        exact=exact,
    )


def _is_exact(declared: str, there: Iterable[tuple[Row, Relation]]) -> bool:
    """Whether one is the declared address, or all of them together are: `0.0.0.0` and `[::]` make `*`."""
    bounds = [(parse_address(row[0]), bound) for row, bound in there]
    if any(bound is Relation.EXACT for _, bound in bounds):
        return True
    whole = parse_address(declared)
    parts = [each.families for each, bound in bounds if bound is Relation.NARROWER and each.ip is None]
    return whole.ip is None and bool(parts) and not whole.families - frozenset[int]().union(*parts)


def _is_at(row: Row, addresses: Iterable[str]) -> bool:
    return any(relate_addresses(address, row[0]) is Relation.EXACT for address in addresses)
