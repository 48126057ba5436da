"""One table or list that gives a port of the host to two owners."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.facets import find_facets
from qtctl.claims.numbers import is_total, list_head_words
from qtctl.claims.port_cells import Bound, normalise_address, read_ports
from qtctl.claims.ports import is_owner, is_same_owner
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import list_words, name_of
from qtctl.dialects.document.types import Document, Line, Listing, Table
from qtctl.model.claims import ClaimKind, Judged

_OWNER_HEADS = split_words("service unit module container component application app process owner name daemon program")
_PORT_HEADS = split_words(
    "port ports s number no tcp udp listen listening bind local lan http https web webui ui systemd new current"
)
_OUTSIDE = split_words("host external public published exposed outside")
_NOT_OWNERS = split_words("type used by client consumer id description version")
_NO_OWNERS = split_words(
    "variable setting parameter option key property metric purpose usage use rule action protocol name"
)
_NAME = re.compile(r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*(?:\.(?:service|socket))?$")
_CONTEXT = split_words(
    "host hostname node server machine vm ip address bind interface url domain fqdn location namespace cluster site "
    "environment env stage vlan network lxc ct zone region profile mode stack project pod device direction source "
    "destination from to protocol proto transport l4 endpoint subnet tenant instance access link"
)
_ADDRESSES = split_words("ip address bind interface")
_PROTOCOLS = split_words("protocol proto transport l4")
_CONTAINERS = split_words("image pod deployment namespace replicas container containers")
_MACHINES = split_words(
    "host node server machine vm device client site cluster endpoint peer default example environment"
)
_HELD_BY_NONE = re.compile(
    r"\b(?:not listening|closed|deprecated|unused|free|reserved|removed|disabled|stopped|inactive|retired|replaced"
    r"|replaces|old|legacy|decommissioned|alternative(?:ly)?|planned|optional|future|migrated|instead|either|or|via|behind|through"
    r"|shared?|both|same|also|proxied|proxy|on-demand|mutually|conflicts?|dev|test|staging|false|on [a-z]+-?\d+)\b",
    re.IGNORECASE,
)
_PATH = re.compile(r":\d{2,5}/\w")
"""A URL of something inside a service: `localhost:8000/docs`."""
_ABOUT_PORTS = re.compile(r"\bports?\b|\blistening\b|\bsockets?\b", re.IGNORECASE)
_BETWEEN = r"(?:\s*(?:[:=(\u2013\u2014]|-+>?|\u2192|\u27f6|\u21d2)\s*"
_ITEM = re.compile(
    rf"^(?:ports?\s+)?(?P<port>[\d][\d./:,\s-]{{0,24}}?(?:/(?:tcp|udp))?){_BETWEEN}|\s+)"
    r"(?P<owner>[A-Za-z][\w@.-]*(?: [a-z]+)?)(?P<rest>.*)$",
    re.IGNORECASE,
)
_REVERSED = re.compile(
    rf"^(?P<owner>[A-Za-z][\w@.-]*){_BETWEEN})(?:port\s+)?(?P<port>\d{{2,5}}(?:/(?:tcp|udp))?)\)?(?P<rest>[^\d].*)?$",
    re.IGNORECASE,
)
_URL = re.compile(r"^[a-z]+://|:\d{2,5}\b")
_ROLES = split_words(
    "monitoring dashboard metrics ui web frontend backend database cache proxy logs tracing search storage queue"
)
"""Names that say what something is for: with the same URL, it is the same thing as its product."""
_VARIANTS = split_words(
    "dev prod production staging stage test v1 v2 blue green gpu cpu primary replica secondary standby old new http "
    "https tls ssl tcp udp ipv4 ipv6 web ui main backup alt ha server client master slave docs swagger metrics health "
    "endpoint ws websocket openapi graphql rest grpc admin console"
)
MOST_SHARED, LEAST_ROWS, MOST_OWNERS, MOSTLY = 4, 3, 20, 0.8
RANGES = 0


@dataclass(frozen=True, slots=True)
class _Held:
    """A port with its owner. `context`: host, protocol, address … as other columns state them."""

    line: Line
    bound: Bound
    owner: str
    context: tuple[str, ...] = ()


def check_port_lists(document: Document) -> Iterator[Judged]:
    for place, section in enumerate(document.sections):
        for block in section.blocks:
            label = block.label.text if isinstance(block, Table | Listing) and block.label else ""
            title = f"{section.title} {label}"
            if isinstance(block, Table):
                yield from _check_table(document, place, block, title)
            elif (
                isinstance(block, Listing)
                and _ABOUT_PORTS.search(title)
                and find_facets(document, place, title).platform != "containers"
            ):
                yield from _check_held(_read_list(block), keyed=True)


def _read_list(block: Listing) -> list[_Held]:
    found = []
    for item in block.top:
        match = _ITEM.match(item.text) or _REVERSED.match(item.text)
        bounds = read_ports(match["port"].strip()) if match else ()
        if match and bounds and is_owner(match["owner"]):
            line = Line(item.line, item.text, block.fence)
            found += [_Held(line, bound, name_of(match["owner"])) for bound in bounds]
    lines = {each.line.line for each in found}
    return found if len(lines) >= MOSTLY * len(block.top) else []


def _check_table(document: Document, place: int, table: Table, title: str) -> Iterator[Judged]:
    heads = [list_head_words(each) for each in table.header]
    owner = _find_owner(table, heads)
    if owner is None or _names_machines(heads[owner], title):
        return
    inside = _is_of_containers(document, place, heads, title)
    context = [at for at, head in enumerate(heads) if head & _CONTEXT and at != owner and not head & {"port", "ports"}]
    for ports in _find_columns(heads):
        held = [*_read_rows(table, heads, owner, ports, context)]
        if inside and not heads[ports] & _OUTSIDE:
            held = [each for each in held if each.bound.mapped]
        keyed = bool(_ABOUT_PORTS.search(title)) or ports == 0
        yield from _check_held(held, keyed=keyed)


def _find_owner(table: Table, heads: Sequence[frozenset[str]]) -> int | None:
    """The column of owners: one with such a heading, else the first column if all of its cells are names."""
    known = (
        at for at, head in enumerate(heads) if head & _OWNER_HEADS and not head & (_NOT_OWNERS | {"port", "ports"})
    )
    if (at := next(known, None)) is not None:
        return at
    is_other = heads[0] & (_CONTEXT | _NOT_OWNERS | _NO_OWNERS | {"port", "ports"}) or not heads[0]
    return None if is_other or not all(_NAME.match(each.cells[0]) for each in table.rows) else 0


def _names_machines(head: frozenset[str], title: str) -> bool:
    """Whether the owners are hosts, or software with its usual port."""
    return bool(head <= {"name", "instance"} and frozenset(list_words(title)) & _MACHINES) or "default" in title.lower()


def _is_of_containers(document: Document, place: int, heads: Sequence[frozenset[str]], title: str) -> bool:
    return find_facets(document, place, title).platform == "containers" or any(head & _CONTAINERS for head in heads)


def _find_columns(heads: Sequence[frozenset[str]]) -> list[int]:
    """The columns of ports of the host; those of containers only if there are no others."""
    those = [at for at, head in enumerate(heads) if head & {"port", "ports"} and head <= _PORT_HEADS | _OUTSIDE]
    outside = [at for at in those if heads[at] & _OUTSIDE]
    return outside[:1] or (those if len(those) == 1 else [])


def _read_rows(
    table: Table, heads: Sequence[frozenset[str]], owner: int, ports: int, context: Sequence[int]
) -> Iterator[_Held]:
    for row in table.rows:
        name = name_of(row.cells[owner])
        if (
            _PATH.search(" ".join(row.cells))
            or not is_owner(name)
            or not name[:1].isalpha()
            or is_total(name)
            or _HELD_BY_NONE.search(" ".join(row.cells))
        ):
            continue
        around = tuple(_read_context(row.cells[at], heads[at]) for at in context)
        for bound in read_ports(row.cells[ports]):
            yield _Held(row.whole, bound, name, around)


def _read_context(cell: str, head: frozenset[str]) -> str:
    low = cell.strip().lower()
    if head & _PROTOCOLS:
        return low if low in ("tcp", "udp", "sctp") else ""
    return normalise_address(low) if head & _ADDRESSES else low


def _check_held(held: Sequence[_Held], *, keyed: bool) -> Iterator[Judged]:
    """Nothing is reported if many ports have several owners: then they are ports of containers, or of many hosts."""
    pairs = [*_find_pairs(held)]
    shared = {str(second.bound) for _, second in pairs}
    rows = len({each.line.line for each in held})
    several = len(pairs) > len(shared)
    if several or (not keyed and (len(shared) > 1 or rows < LEAST_ROWS)) or len(shared) > max(1, rows // MOST_SHARED):
        return
    for first, second in pairs:
        why = f"port {first.bound} is {first.owner}'s there"
        yield judge(second.line, ClaimKind.PORT, str(second.bound), second.owner, holds=False, why=why,
                    other=first.line.line)  # fmt: skip


def _find_pairs(held: Sequence[_Held]) -> Iterator[tuple[_Held, _Held]]:
    """Of each port, the first owner with every other one, up to a few."""
    seen: dict[tuple[str, ...], dict[int, list[_Held]]] = {}
    for each in held:
        around = seen.setdefault(each.context, {})
        others = around.setdefault(each.bound.first if each.bound.first == each.bound.last else RANGES, [])
        for other in others[:MOST_OWNERS]:
            alias = bool(_ROLES & {other.owner.lower(), each.owner.lower()}) and any(map(_URL.search, each.context))
            if other.bound.meets(each.bound) and not alias and not _are_variants(other.owner, each.owner):
                yield other, each
        others.append(each)


def _are_variants(one: str, other: str) -> bool:
    """Whether both may be the same thing, or two forms of it of which one runs: `api-blue`, `api-green`."""
    words = [frozenset(re.split(r"[^a-z0-9]+", each.lower())) for each in (one, other)]
    first, second = (each - _VARIANTS or each for each in words)
    return is_same_owner(one, other) or first <= second or second <= first
