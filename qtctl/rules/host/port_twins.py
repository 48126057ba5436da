"""QT309: who asks for localhost reaches the declared unit, whichever of its two addresses is tried first."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.addresses import Relation, parse_address, relate_addresses
from qtctl.meaning.listeners import SYSTEMD, Row, list_declared_ports
from qtctl.meaning.socket_owners import find_holder, list_seen_owners
from qtctl.meaning.strays import is_client
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.facts import Facts, Listeners
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import name_port
from qtctl.rules.host.ports import Place, list_places
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

_LOOPBACKS = {4: "127.0.0.1", 6: "::1"}
_OTHER = {4: 6, 6: 4}
_Declared = frozenset[tuple[str, str, int]]
"""Unit, protocol and port of everything that is declared."""


def _expect_one_localhost(desired: Desired) -> tuple[Expectation, ...]:
    declared = frozenset(
        (name, each.port.protocol, each.port.port) for each in list_declared_ports(desired) for name in each.owners
    )
    return tuple(
        Expectation(
            name_port(place.port), {"port": place.port.port, "unit at both addresses of localhost": place.unit},
            (place.need,), partial(_is_alone, place=place, twin=twin, declared=declared), place.port.origin,
        )
        for place in list_places(desired)
        if (twin := _find_twin(place.port))
    )  # fmt: skip


def _find_twin(port: Listener) -> str:
    """The loopback address of the other family, if the port is at one of this family; '' if it is at none, or both."""
    bound = parse_address(port.address)
    if len(bound.families) != 1 or bound.device:
        return ""
    (family,) = bound.families
    twin = _LOOPBACKS[_OTHER[family]]
    return twin if relate_addresses(_LOOPBACKS[family], port.address) is not Relation.ELSEWHERE else ""


def _is_alone(facts: Facts, place: Place, twin: str, declared: _Declared) -> Judgment:
    """What overlaps the declared address is QT302's, and what no unit opened QT306's."""
    port = place.port
    found = facts.read(Listeners, port.protocol)
    names = list_seen_owners(facts, place.declared.owners, port)
    rows = [row for row in found.rows if _is_beside(row, port, twin)] if found else []
    others = [(row, find_holder(facts, port.protocol, row) if row[2] == SYSTEMD else row[2]) for row in rows]
    others = [(row, unit) for row, unit in others if {row[2], unit}.isdisjoint(names)]
    others = [(row, unit) for row, unit in others if (unit, port.protocol, port.port) not in declared]
    if not found or (not others and not any(row[1] == str(port.port) for row in found.rows)):
        return NOT_JUDGED
    sources = tuple(proofs.prove_owner(place.need, port, row) for row, _ in others)
    observed: JsonObject = {"listeners": [{"address": row[0], "unit": unit} for row, unit in others]}
    units = sorted({unit for _, unit in others})
    remedy = make_steps(
        ("systemctl", "status", "--no-pager", *units),
        f"see what it is, and give it another port, or stop it; clients of {place.unit} should ask for {port.address}",
    )
    roots = tuple(("QT304", f"{row[0]}:{row[1]}") for row, _ in others)
    return Verdict(not others, observed, sources, remedy=remedy, roots=roots)


def _is_beside(row: Row, port: Listener, twin: str) -> bool:
    if row[1] != str(port.port) or not row[2] or is_client(port.protocol, row):
        return False
    apart = relate_addresses(port.address, row[0]) is Relation.ELSEWHERE
    return apart and relate_addresses(twin, row[0]) is not Relation.ELSEWHERE


QT309 = Rule(
    "QT309",
    "another unit listens at localhost's other address",
    Severity.ERROR,
    several="ports have another unit at localhost's other address",
    what="A declared unit listens at an address of one family that covers its loopback (127.0.0.1, 0.0.0.0, ::1, "
    "[::]), and a unit that does not declare the port listens on the same port at the loopback address of the other "
    "family. What overlaps the declared address itself is QT302.",
    why="`localhost` has two addresses, and most programs try ::1 first. They reach the other program, while those "
    "that ask for 127.0.0.1 reach the declared one: a health check by address passes, and half of the clients get "
    "answers that make no sense. `ssh -L` opens such a port without a word if only one of the two is taken.",
    fix="`ss -lntp 'sport = :PORT'` shows both. Stop the other program or give it another port. Let clients ask for "
    "the declared address instead of localhost.",
    expect=_expect_one_localhost,
)
RULES = (QT309,)
