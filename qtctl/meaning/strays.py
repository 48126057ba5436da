"""Listening sockets that nothing declares: of the fleet's units, and of no unit at all."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from qtctl.meaning.addresses import Relation, relate_addresses
from qtctl.meaning.listeners import SYSTEMD, Row, list_declared_ports
from qtctl.meaning.socket_owners import find_holder
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts

EPHEMERAL = range(32768, 61000)
"""Ports that Linux assigns by itself: a UDP socket there usually belongs to a client that waits for answers."""
_GONE, _NAMED = "cgroup:unreachable:", "cgroup:/"


def find_strays(desired: Desired, facts: Facts, protocol: str, rows: Iterable[Row]) -> tuple[tuple[Row, str], ...]:
    """Sockets of the fleet's units on ports that the unit is not declared to have, each with its unit.

    A declared port at another address is QT303's. A socket held by systemd belongs to its socket unit, if known.
    """
    known = {
        (name, each.port.protocol, each.port.port) for each in list_declared_ports(desired) for name in each.owners
    }
    ours = {name for unit in desired.generated_units() for name in unit.names}
    found = []
    for row in rows:
        unit = find_holder(facts, protocol, row) if row[2] == SYSTEMD else row[2]
        mine = unit in ours or any(fnmatchcase(unit, pattern) for pattern in desired.unit_patterns)
        if mine and (unit, protocol, int(row[1])) not in known and not is_client(protocol, row):
            found.append((row, unit))
    return tuple(found)


def list_outside(rows: Iterable[Row], protocol: str) -> tuple[Row, ...]:
    """Sockets whose control group is known and belongs to no unit."""
    return tuple(row for row in rows if not row[2] and _group(row).startswith(_NAMED) and not is_client(protocol, row))


def list_unnamed(rows: Iterable[Row], protocol: str) -> tuple[Row, ...]:
    """Sockets with an unknown owner: their control group is gone, or the kernel names none."""
    return tuple(
        row for row in rows if not row[2] and not _group(row).startswith(_NAMED) and not is_client(protocol, row)
    )


def is_gone(row: Row) -> bool:
    return _group(row).startswith(_GONE)


def is_client(protocol: str, row: Row) -> bool:
    return protocol == "udp" and int(row[1]) in EPHEMERAL


def overlaps_declared(desired: Desired, protocol: str, row: Row) -> bool:
    """Whether it is at a declared port: then whose it is decides QT302."""
    return any(_match_ports(desired, protocol, row))


def _match_ports(desired: Desired, protocol: str, row: Row) -> Iterator[bool]:
    for each in list_declared_ports(desired):
        if (each.port.protocol, str(each.port.port)) == (protocol, row[1]) and each.unit.must_be_active:
            yield relate_addresses(each.port.address, row[0]) is not Relation.ELSEWHERE


def _group(row: Row) -> str:
    return next((word for word in row[3].split() if word.startswith("cgroup:")), "")
