"""QT803: a port that a compose service published, and where the evidence shows it now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qtctl.dialects.compose.types import PortKind, Published
from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.findings.meaning import Meaning, Wording
from qtctl.meaning.listeners import DeclaredPort, Row, Served
from qtctl.meaning.socket_owners import read_sockets
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Listeners
from qtctl.model.registry import Disposition
from qtctl.rules.compose_service import Service
from qtctl.rules.parity.units import NO_EVIDENCE, explain_unknown
from qtctl.rules.places import PlaceOf
from qtctl.rules.sides import Listening, PortSide

GONE = "gone:"
OPTION = {"tcp": "t", "udp": "u"}


@dataclass(frozen=True, slots=True)
class Sockets:
    """Who listens on one port."""

    rows: tuple[Row, ...]

    @property
    def listening(self) -> tuple[Listening, ...]:
        return tuple(Listening(address, int(port), unit) for address, port, unit, _ in self.rows)


def list_keys(port: Published) -> tuple[str, ...]:
    """How a disposition may name a published port."""
    if port.published is None:
        return (port.raw,)
    return str(port.published), f"{port.published}/{port.protocol}"


def describe_port(port: Published, disposition: Disposition) -> str:
    return next((disposition.ports[key] for key in list_keys(port) if key in disposition.ports), "")


def find_expected(port: Published, disposition: Disposition | None) -> int | None:
    """The port number to expect now; None if the port is gone or unknown."""
    word = describe_port(port, disposition) if disposition is not None else ""
    if word.startswith(GONE):
        return None
    return int(word) if word and not is_unusable(word) else port.published


def is_unusable(text: str) -> bool:
    """Whether a disposition's entry for a port is neither a port nor `gone: reason`."""
    if text.startswith(GONE):
        return not text.removeprefix(GONE).strip()
    return not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535)  # noqa: PLR2004 - the highest port


Owners = Mapping[tuple[str, int], tuple[str, ...]]
"""Protocol and port → the units in the registry that declare it."""


def compare_port(
    port: Published,
    disposition: Disposition,
    gone_to: tuple[PlaceOf, ...],
    facts: Facts | None,
    owners: Owners | None = None,
) -> PortSide:
    """`holds` if a unit it moved to declares the expected port and listens there, or the disposition says it is gone.

    Without evidence, `broken` if only another unit declares it: no port has two owners.
    """
    word = describe_port(port, disposition)
    if word.startswith(GONE):
        return PortSide(port, word, None, (), (), Outcome.HOLDS, word.removeprefix(GONE).strip())
    expected = find_expected(port, disposition)
    side = PortSide(port, word, expected, list_declared(port, expected, gone_to), (), Outcome.UNKNOWN, NO_EVIDENCE)
    if expected is None:
        return replace(side, reason=explain_unresolved(port))
    if facts is None:
        others = (owners or {}).get((port.protocol, expected), ()) if not side.declared else ()
        if not others:
            return side
        what = f"{', '.join(others)} declares {expected}/{port.protocol}"
        return replace(side, outcome=Outcome.BROKEN, reason=what)
    sockets = find_listening(facts, port.protocol, expected)
    if sockets is None:
        return replace(side, reason=explain_unknown(facts, Need(Listeners.FACT, port.protocol)))
    side = replace(side, listening=sockets.listening, proof=list_proofs(facts, port.protocol, expected, sockets))
    outcome, reason = judge_side(side, gone_to, sockets, facts)
    return replace(side, outcome=outcome, reason=reason)


def explain_unresolved(port: Published) -> str:
    if port.kind is PortKind.CHOSEN:
        return f"port {port.raw}: published where Docker chose to; the disposition does not say where it is now"
    return f"port {port.raw}: depends on {', '.join(port.variables)}; the disposition does not say where it is now"


def list_declared(port: Published, expected: int | None, gone_to: tuple[PlaceOf, ...]) -> tuple[Listening, ...]:
    return tuple(
        Listening(each.port.address, each.port.port, each.unit.unit)
        for each in _list_ports(gone_to)
        if (each.port.protocol, each.port.port) == (port.protocol, expected)
    )


def _list_ports(gone_to: tuple[PlaceOf, ...]) -> tuple[DeclaredPort, ...]:
    """The ports of all places, each once: two places may share a socket."""
    return tuple(dict.fromkeys(port for place in gone_to for port in place.ports))


def find_listening(facts: Facts, protocol: str, port: int) -> Sockets | None:
    """The sockets that listen on a port; None if it is unknown who listens."""
    try:
        known = facts.read(Listeners, protocol)
    except LookupError:
        return None
    return Sockets(tuple(sorted(row for row in (known.rows if known else []) if row[1] == str(port))))


def judge_side(side: PortSide, gone_to: tuple[PlaceOf, ...], sockets: Sockets, facts: Facts) -> tuple[Outcome, str]:
    where = f"{side.expected}/{side.published.protocol}"
    found = [
        read_sockets(facts, sockets.rows, each)
        for each in _list_ports(gone_to)
        if (each.port.protocol, each.port.port) == (side.published.protocol, side.expected)
    ]
    if not found:
        return judge_undeclared(where, {name for place in gone_to for name in place.names}, sockets)
    best = min(found, key=lambda each: list(Served).index(each.served))
    if best.served is Served.WRONG_ADDRESS:
        at = ", ".join(sorted({f"{row[0]}:{row[1]}" for row in best.wrong or best.there}))
        return Outcome.BROKEN, f"listens at {at}, declared {', '.join(show_listening(each) for each in side.declared)}"
    return judge_served(best.served, where, sockets)


def judge_served(found: Served, where: str, sockets: Sockets) -> tuple[Outcome, str]:
    if found is Served.LISTENING:
        return Outcome.HOLDS, ""
    if found is Served.UNOWNED:
        return Outcome.UNKNOWN, f"port {where}: the kernel names no unit for what listens"
    if found is Served.NOBODY:
        return Outcome.BROKEN, f"nobody listens on {where}"
    return Outcome.BROKEN, f"{', '.join(list_owners(sockets))} listens on {where}"


def judge_undeclared(where: str, names: set[str], sockets: Sockets) -> tuple[Outcome, str]:
    """A port that no unit of the service declares is wrong, whoever listens."""
    if names & set(list_owners(sockets)):
        return Outcome.BROKEN, f"listens on {where}, which the registry does not declare"
    if not sockets.rows:
        return judge_served(Served.NOBODY, where, sockets)
    return judge_served(Served.UNOWNED if any(not row[2] for row in sockets.rows) else Served.TAKEN, where, sockets)


def list_owners(sockets: Sockets) -> list[str]:
    return sorted({row[2] for row in sockets.rows if row[2]})


def show_listening(listening: Listening) -> str:
    return f"{listening.address}:{listening.port}"


def list_proofs(facts: Facts, protocol: str, port: int, sockets: Sockets) -> tuple[Proof, ...]:
    """Commands whose output has no counters: how many listen, at which addresses, in which cgroups."""
    ask = f"ss -H -ln{OPTION.get(protocol, protocol)}"
    filtered = f"'sport = :{port}'"
    number = facts.find_item(Need(Listeners.FACT, protocol)).ask

    def make_proof(again: str, line: str) -> Proof:
        return Proof(number, again, line, facts.taken_at)

    if not sockets.rows:
        return (make_proof(f"{ask} {filtered} | wc -l", "0"),)
    addresses = sorted({f"{row.address}:{row.port}" for row in sockets.listening})
    groups = sorted({word for *_, line in sockets.rows for word in line.split() if word.startswith("cgroup:")})
    at = (make_proof(f"{ask} {filtered} | awk '{{print $4}}'", address) for address in addresses)
    by = (make_proof(f"{ask} --cgroup {filtered} | grep -o 'cgroup:[^ ]*'", group) for group in groups)
    return (*at, *by)


def judge(service: Service, side: PortSide) -> Finding:
    """The finding for a side that is broken."""
    where = f"{side.expected}/{side.published.protocol}"
    expected = f"{side.published.raw} of {service.name} found at {where}"
    remedy = f"bring the port back, or say in the disposition of {service.name} that it moved or is gone, and why"
    return service.make_broken(QT803, where, expected, side.reason, remedy, side.proof)


def judge_exposure(service: Service, side: PortSide) -> Finding:
    """The finding for a port that is more widely reachable than before."""
    where = f"{side.expected}/{side.published.protocol}"
    then, now = side.published.host_ip, ", ".join(map(show_listening, side.declared))
    remedy = f"listen on {then} alone, or publish nothing wider than it was"
    finding = service.make_broken(QT803, where, f"published on {then} alone", f"declared {now}", remedy)
    return replace(finding, title=QT803.variants[0].title)


QT803 = Meaning(
    "QT803",
    "published port lost or moved",
    Severity.ERROR,
    what="The units that the service went to do not listen on a port that the compose file published, and its "
    "disposition does not say where the port went; or the port is declared at an address that more hosts can reach "
    "than the one it was published on.",
    why="Its callers get no answer, or reach another program that has taken the port since.",
    fix="Make the unit listen there, or say in the disposition's `ports` where the port moved, or why it is gone.",
    several="published ports lost or moved",
    variants=(Wording("published port exposed wider than it was", "published ports exposed wider than they were"),),
)
RULES = (QT803,)
