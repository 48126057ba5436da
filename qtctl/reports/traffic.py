"""Streams, keys and ports: what is declared beside what was seen."""

from collections.abc import Iterator

from qtctl.meaning.listeners import SYSTEMD, DeclaredPort, Row, Served, list_declared_ports
from qtctl.meaning.socket_owners import find_holder, read_sockets
from qtctl.meaning.strays import find_strays
from qtctl.meaning.streams import measure_age, measure_lag
from qtctl.model.desired import Desired, DesiredKey, Membership
from qtctl.model.facts import Listeners
from qtctl.model.states import KeyType
from qtctl.model.store_facts import KeyFact, StoreClock, Stream, StreamGroup, group_subject
from qtctl.reports.look import FactReader
from qtctl.reports.needs import PROTOCOLS
from qtctl.reports.phrases import UNKNOWN
from qtctl.reports.sections_model import GroupRow, KeyRow, PortRow, SocketRow, StrayPort, StreamRow

FOUND = {
    Served.LISTENING: "listening",
    Served.WRONG_ADDRESS: "wrong-address",
    Served.TAKEN: "elsewhere",
    Served.UNOWNED: UNKNOWN,
    Served.NOBODY: "nobody",
}


def list_streams(desired: Desired, look: FactReader) -> tuple[StreamRow, ...]:
    return tuple(make_stream_row(key, desired, look) for key in desired.keys if key.type is KeyType.STREAM)


def make_stream_row(key: DesiredKey, desired: Desired, look: FactReader) -> StreamRow:
    seen = look.see(Stream, key.name, key.store)
    stream = seen.value
    clock = look.see(StoreClock, key.store).value
    age = measure_age(stream, clock).us if stream and clock else None
    return StreamRow(
        name=key.name,
        store=key.store,
        state=seen.state,
        reason="" if stream else seen.why,
        length=stream.length if stream else None,
        newest_age_s=age // 1_000_000 if age is not None else None,
        ever_written=stream.last_ms > 0 if stream else None,
        max_age_s=key.max_age_us / 1_000_000 if key.max_age_us is not None else None,
        publishers=key.publishers,
        proof_line=look.prove(Stream, key.name, key.store),
        groups=tuple(group_row(member, look, stream) for member in list_members(key, desired)),
    )


def list_members(key: DesiredKey, desired: Desired) -> Iterator[Membership]:
    for service in desired.services:
        for membership in service.consumes:
            if (membership.store, membership.stream) == (key.store, key.name):
                yield membership


def group_row(membership: Membership, look: FactReader, stream: Stream | None) -> GroupRow:
    seen = look.see(StreamGroup, group_subject(membership.stream, membership.group), membership.store)
    group = seen.value
    return GroupRow(
        group=membership.group,
        service=membership.service,
        state=seen.state,
        reason="" if group else seen.why,
        lag=measure_lag(stream, group) if group and stream else None,
        max_lag=membership.max_lag,
        pending=group.pending if group else None,
        consumers=group.consumers if group else None,
        proof_line=look.prove(StreamGroup, group_subject(membership.stream, membership.group), membership.store),
    )


def list_keys(desired: Desired, look: FactReader) -> tuple[KeyRow, ...]:
    """All keys except streams, which have their own rows."""
    return tuple(make_key_row(key, look) for key in desired.keys if key.type is not KeyType.STREAM)


def make_key_row(key: DesiredKey, look: FactReader) -> KeyRow:
    seen = look.see(KeyFact, key.name, key.store)
    return KeyRow(
        name=key.name,
        store=key.store,
        declared_type=key.type,
        state=seen.state,
        reason="" if seen.value else seen.why,
        type=seen.value.type if seen.value else None,
        writers=key.publishers,
        proof_line=look.prove(KeyFact, key.name, key.store),
    )


def list_ports(desired: Desired, look: FactReader) -> tuple[PortRow, ...]:
    rows = [make_port_row(each, look) for each in list_declared_ports(desired)]
    return tuple(sorted(rows, key=lambda row: (row.port, row.protocol, row.unit)))


def make_port_row(declared: DeclaredPort, look: FactReader) -> PortRow:
    listener = declared.port
    seen = look.see(Listeners, listener.protocol)
    sockets = read_sockets(look.facts, seen.value.rows if seen.value else (), declared)
    return PortRow(
        unit=declared.owners[0],
        name=listener.name,
        protocol=listener.protocol,
        address=listener.address,
        port=listener.port,
        found=FOUND[sockets.served] if seen.known else UNKNOWN,
        proof_line=look.prove(Listeners, listener.protocol),
        listening=tuple(_make_socket_row(row, listener.protocol, look) for row in sorted(sockets.all)),
    )


def _make_socket_row(row: Row, protocol: str, look: FactReader) -> SocketRow:
    """A socket held by systemd belongs to its socket unit, if that is known."""
    address, _, owner, _ = row
    return SocketRow(address=address, unit=find_holder(look.facts, protocol, row) if owner == SYSTEMD else owner)


def list_stray_ports(desired: Desired, look: FactReader) -> tuple[StrayPort, ...] | None:
    """None if the listeners of either protocol are unknown."""
    found = []
    for protocol in PROTOCOLS:
        seen = look.see(Listeners, protocol)
        if not seen.known:
            return None
        rows = seen.value.rows if seen.value else []
        for (address, port, _, _), unit in find_strays(desired, look.facts, protocol, rows):
            found.append(StrayPort(unit=unit, protocol=protocol, address=address, port=int(port)))
    return tuple(sorted(found, key=lambda stray: (stray.port, stray.protocol, stray.unit, stray.address)))
