"""The ports that a document assigns: one port has one owner, and "localhost only" must hold in its section."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.facets import Facets, find_facets, read_facets
from qtctl.claims.numbers import list_head_words
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import name_of, normalise_name
from qtctl.dialects.document.types import Document, Line, Listing, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_NAME = r"(?P<owner>[A-Za-z][\w@-]*(?:[.][\w@-]+)*)"
_PORT = r"(?P<port>\d{2,5})(?:[:/](?P<inner>\d{2,5}|tcp|udp))?"
_ADDRESS = r"(?:\s*\((?P<address>[^()]{1,60})\))?"
_ARROW = r"\s*(?:→|⟶|⇒|-+>|=>)\s*"
_FORMS = (
    re.compile(rf"^\W{{0,3}}{_PORT}{_ADDRESS}{_ARROW}{_NAME}(?![\w./]*\()(?P<rest>.*)$"),
    re.compile(rf"^\W{{0,3}}{_NAME}{_ARROW}(?:port\s+)?{_PORT}(?![\w.:])(?P<address>)(?P<rest>.*)$"),
)
_OWNER_HEADS = split_words("service unit module container component application app process owner name daemon program")
_SHARED = re.compile(r"\b(?:shared?|both|same|also)\b", re.IGNORECASE)
_NOT_HELD = re.compile(r"\b(?:not listening|closed|deprecated|unused|free|reserved|removed)\b", re.IGNORECASE)
_WIDE = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])|(?<![\w:.])\*:\d|\[::\]|(?<![\w:]):::?\d")
_LISTENS = re.compile(r"^\W{0,3}(?:\d{2,5}\b|(?:0\.0\.0\.0|\*|\[::\]|::):\d{2,5}\b|(?:tcp|udp) +\S)")
_PORT_FIRST = re.compile(r"^\W{0,3}\d{2,5}\b")
_OF_ALL = re.compile(
    r"^(?!.*\b(?:internal|except|but|public|apart|other)\b).*\b(?:everything|every|all|network|nothing|ports)\b",
    re.IGNORECASE,
)
_LOCAL_ONLY = re.compile(
    r"\b(?:localhost|loopback|127\.0\.0\.1)[ -]only\b"
    r"|\bonly (?:on |listens? on |bound to )?(?:localhost|loopback|127\.0\.0\.1)\b",
    re.IGNORECASE,
)
_HOSTS = split_words("host node server machine vm namespace cluster site environment address ip vlan")
_GENERIC = split_words("server service container daemon app application the api")
LARGEST, MOST_OWNERS, MOST_COMPARED, LEAST_AGREEING = 65535, 20, 5000, 2


@dataclass(frozen=True, slots=True)
class PortSaid:
    """`address`: the address that the port is bound to, if the document states it."""

    line: Line
    port: int
    owner: str
    address: str
    facets: Facets
    table: int = 0
    block: int = 0
    """The line of the table or list."""


def find_ports(document: Document) -> tuple[PortSaid, ...]:
    """Every place that assigns a port to something, in order."""
    found: list[PortSaid] = []
    for place, section in enumerate(document.sections):
        for block in section.blocks:
            if isinstance(block, Table):
                found += _read_table(document, place, block)
            else:
                found += _read_lines(document, place, block)
    return tuple(found)


def _read_lines(document: Document, place: int, block: Listing | Text) -> Iterator[PortSaid]:
    label = block.label.text if isinstance(block, Listing) and block.label else ""
    for line in block.lines:
        found = next((match for form in _FORMS if (match := form.match(line.text))), None)
        if found is None or _NOT_HELD.search(line.text) or _SHARED.search(line.text):
            continue
        if 0 < int(found["port"]) <= LARGEST and is_owner(found["owner"]):
            facets = find_facets(document, place, label)
            address = found["address"] or _find_address(found["rest"])
            yield PortSaid(line, int(found["port"]), found["owner"], address, facets, 0, block.line)


def _find_address(text: str) -> str:
    found = re.search(r"(?:\d{1,3}\.){3}\d{1,3}|\[?::1?\]?|\*:\d+", text)
    return found[0] if found else ""


def is_owner(name: str) -> bool:
    """Whether a word may name what has a port."""
    return name.lower() not in {
        "port",
        "n",
        "n/a",
        "none",
        "not",
        "tcp",
        "udp",
        "http",
        "https",
        "any",
        "internal",
        "external",
    }


def _read_table(document: Document, place: int, table: Table) -> Iterator[PortSaid]:
    for owners, ports in find_port_columns(table):
        facets = find_facets(document, place, table.header[ports])
        for row in table.rows:
            cell, owner = row.cells[ports], name_of(row.cells[owners])
            number = re.match(r"^(\d{2,5})(?![\d:.+?-])", cell.strip())
            if number and is_owner(owner) and owner[:1].isalpha() and not _SHARED.search(" ".join(row.cells)):
                yield PortSaid(row.whole, int(number[1]), owner, _find_address(cell), facets, table.line, table.line)


def find_port_columns(table: Table) -> tuple[tuple[int, int], ...]:
    """Pairs of columns: owner and port. If there are several of each, columns with the same facets are paired."""
    heads = [list_head_words(each) for each in table.header]
    ports = [
        at
        for at, head in enumerate(heads)
        if head & {"port", "ports"} and not head & {"container", "target", "internal"}
    ]
    owners = [at for at, head in enumerate(heads) if head & _OWNER_HEADS and at not in ports]
    if not ports or not owners or any(head & _HOSTS for head in heads):
        return ()
    if len(ports) == 1 and len(owners) == 1:
        return ((owners[0], ports[0]),)
    pairs = []
    for port in ports:
        platform = read_facets(table.header[port]).platform
        named = {at: read_facets(table.header[at]).platform for at in owners}
        those = [at for at in owners if named[at] == platform] or [at for at in owners if not named[at]]
        if len(those) == 1 and platform:
            pairs.append((those[0], port))
    return tuple(pairs) or (((owners[0], ports[0]),) if len(ports) == 1 else ())


def check_ports(document: Document, said: Sequence[PortSaid]) -> Iterator[Judged]:
    """One port with two owners on one host at the same time. Nothing is reported if containers have their own ports."""
    if _has_many_hosts(document) or _has_repeats(said):
        return
    agreeing = _find_agreeing(said)
    seen: dict[int, list[PortSaid]] = {}
    for each in said:
        others = seen.setdefault(each.port, [])
        before = next((old for old in others if _may_meet(old, each, agreeing)), None)
        if before is None:
            if len(others) < MOST_OWNERS:
                others.append(each)
            continue
        holds = is_same_owner(before.owner, each.owner)
        why = f"port {each.port} is {before.owner}'s there"
        yield judge(each.line, ClaimKind.PORT, str(each.port), each.owner, holds=holds, why=why, other=before.line.line)


def _find_agreeing(said: Sequence[PortSaid]) -> frozenset[tuple[int, int]]:
    """Pairs of tables or lists that give several ports to the same owners: they are about the same host."""
    owners: dict[tuple[int, str], list[int]] = {}
    for each in said[:MOST_COMPARED]:
        blocks = owners.setdefault((each.port, normalise_name(each.owner)), [])
        if each.block not in blocks:
            blocks.append(each.block)
    pairs = Counter(
        (one, other) for blocks in owners.values() for one in blocks[:9] for other in blocks[:9] if one < other
    )
    return frozenset(pair for pair, number in pairs.items() if number >= LEAST_AGREEING)


def _may_meet(old: PortSaid, new: PortSaid, agreeing: frozenset[tuple[int, int]]) -> bool:
    same = (min(old.block, new.block), max(old.block, new.block)) in agreeing
    units = all(each.owner.endswith((".service", ".socket")) for each in (old, new))
    return old.facets.agree(new.facets) and (same or units or _are_of_host(old, new))


def _are_of_host(one: PortSaid, other: PortSaid) -> bool:
    """Whether both are sockets of the host: of systemd units, or with a stated address that they are bound to."""
    return (one.facets.platform == "systemd") or (bool(one.address) and bool(other.address) and not one.facets.platform)


def is_same_owner(one: str, other: str) -> bool:
    """Whether one may be a shorter name of the other."""
    first, second = _split_words(one), _split_words(other)
    return first == second or first <= second or second <= first or "".join(sorted(first)) in normalise_name(other)


def _split_words(name: str) -> frozenset[str]:
    words = frozenset(each for each in re.split(r"[^a-z0-9]+", normalise_name(name)) if each)
    return words - _GENERIC or words


def _has_many_hosts(document: Document) -> bool:
    """Whether tables or titles tell hosts apart: then each host may use the same port."""
    for section in document.sections:
        if re.match(r"^(?:host|node|server|machine|vm)\b[\s:]+[\w.-]+$", section.title, re.IGNORECASE):
            return True
        for block in section.blocks:
            if isinstance(block, Table) and any(list_head_words(each) & _HOSTS for each in block.header[:3]):
                return True
    return False


def _has_repeats(said: Sequence[PortSaid]) -> bool:
    """Whether one table gives two or more ports to several owners: ports inside containers, or on several hosts."""
    owners: dict[tuple[int, int, Facets], set[str]] = {}
    for each in said:
        if each.table:
            owners.setdefault((each.table, each.port, each.facets), set()).add(normalise_name(each.owner))
    return sum(len(each) > 1 for each in owners.values()) > 1


def check_localhost(document: Document) -> Iterator[Judged]:
    """`localhost only` in a section in which something is bound to every address."""
    for section in document.sections:
        inside = [line for block in section.blocks for line in block.lines]
        for line in inside:
            if not _LOCAL_ONLY.search(line.text):
                continue
            wide = [each for each in inside if _WIDE.search(each.text) and each.line != line.line]
            said = [each for each in wide if (_LISTENS if _OF_ALL.search(line.text) else _PORT_FIRST).match(each.text)]
            why = f"{len(said)} ports are open on every address" if said else "as listed"
            if said or any(re.search(r"127\.0\.0\.1", each.text) for each in inside):
                yield judge(line, ClaimKind.EVERY, "listens on", "localhost only", holds=not said, why=why,
                            other=said[0].line if said else section.line)  # fmt: skip
