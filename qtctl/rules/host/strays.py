"""QT304, QT306: listening sockets that nothing declares, of the fleet's units and of no unit at all."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.listeners import Row
from qtctl.meaning.strays import find_strays, is_gone, list_outside, list_unnamed, overlaps_declared
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Listeners
from qtctl.model.json import Json
from qtctl.rules import proofs
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

PROTOCOLS = ("tcp", "udp")
GONE = "the control group of the socket is gone: nobody can say which unit opened it"
NO_GROUP = "the kernel names no control group for the socket"


def _expect_no_strays(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        _make_expectation(protocol, partial(_judge_strays, desired=desired, protocol=protocol))
        for protocol in PROTOCOLS
    )


def _expect_no_strangers(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        _make_expectation(protocol, partial(_judge_outside, desired=desired, protocol=protocol))
        for protocol in PROTOCOLS
    )


def _make_expectation(protocol: str, judge: "partial[tuple[Verdict, ...]]") -> Expectation:
    return Expectation(protocol, {"undeclared": []}, (Need(Listeners.FACT, protocol),), judge)


def _list_rows(facts: Facts, protocol: str) -> list[Row]:
    found = facts.read(Listeners, protocol)
    return found.rows if found else []


def _judge_strays(facts: Facts, desired: Desired, protocol: str) -> tuple[Verdict, ...]:
    by_subject: dict[str, list[tuple[Row, str]]] = {}
    for row, unit in find_strays(desired, facts, protocol, _list_rows(facts, protocol)):
        by_subject.setdefault(_name_subject(protocol, row), []).append((row, unit))
    found = tuple(_judge_stray(protocol, subject, each) for subject, each in sorted(by_subject.items()))
    return found or (Verdict(True, {"undeclared": []}),)


def _judge_stray(protocol: str, subject: str, found: list[tuple[Row, str]]) -> Verdict:
    units = sorted({unit for _, unit in found})
    row = found[0][0]
    remedy = f"declare {subject} under [ports] of {', '.join(units)}, or stop it listening there"
    return Verdict(False, {"units": [*units]}, (_prove_row(protocol, row),), subject=subject, remedy=remedy)


def _judge_outside(facts: Facts, desired: Desired, protocol: str) -> tuple[Verdict, ...]:
    rows = _list_rows(facts, protocol)
    found = (
        *_keep_once(protocol, list_outside(rows, protocol), _judge_stranger),
        *_judge_unknown(desired, protocol, rows),
    )
    return found or (Verdict(True, {"undeclared": []}),)


def _judge_unknown(desired: Desired, protocol: str, rows: list[Row]) -> Iterator[Verdict]:
    """A row alone at a declared port is QT302's, which is unknown there. A kernel that names no unit is one case."""
    seen = {_name_subject(protocol, row) for row in list_outside(rows, protocol)}
    rest = [row for row in list_unnamed(rows, protocol) if not _is_of_qt302(desired, protocol, row, rows)]
    rest = [row for row in rest if _name_subject(protocol, row) not in seen]
    yield from _keep_once(protocol, (row for row in rest if is_gone(row)), _judge_lost)
    nameless = [row for row in rest if not is_gone(row)]
    if nameless:
        proof = tuple(_prove_row(protocol, row) for row in nameless[:1])
        yield Verdict(False, None, proof, unknown=f"{NO_GROUP} ({len(nameless)} sockets)")


def _is_of_qt302(desired: Desired, protocol: str, row: Row, rows: list[Row]) -> bool:
    beside = any(each[1] == row[1] and each[2] for each in rows)
    return not beside and overlaps_declared(desired, protocol, row)


def _keep_once(protocol: str, rows: Iterable[Row], judged: Callable[[str, str, Row], Verdict]) -> tuple[Verdict, ...]:
    """One verdict for each address and port."""
    by_subject = {_name_subject(protocol, row): row for row in rows}
    return tuple(judged(protocol, subject, row) for subject, row in sorted(by_subject.items()))


def _judge_stranger(protocol: str, subject: str, row: Row) -> Verdict:
    group = next((word for word in row[3].split() if word.startswith("cgroup:")), "")
    observed: dict[str, Json] = {"cgroup": group.removeprefix("cgroup:")}
    return Verdict(False, observed, (_prove_row(protocol, row),), subject=subject, remedy=_find(protocol, row))


def _judge_lost(protocol: str, subject: str, row: Row) -> Verdict:
    return Verdict(
        False, None, (_prove_row(protocol, row),), subject=subject, unknown=GONE, remedy=_find(protocol, row)
    )


def _find(protocol: str, row: Row) -> Remedy:
    """As root, ss names the process."""
    option = "-lnup" if protocol == "udp" else "-lntp"
    return make_steps(
        ("ss", "-H", option, f"sport = :{row[1]}"),
        "it names the process: run it as a unit, or end it. Where it names none, the kernel itself listens (NFS)",
    )


def _prove_row(protocol: str, row: Row) -> ProofSource:
    return proofs.prove_socket_owner(Need(Listeners.FACT, protocol), protocol, row)


def _name_subject(protocol: str, row: Row) -> str:
    return f"{row[0]}:{row[1]}" + ("/udp" if protocol == "udp" else "")


QT304 = Rule(
    "QT304",
    "port of a fleet unit that is not declared",
    Severity.WARNING,
    several="ports of fleet units are not declared",
    what="A unit of the fleet (generated, or matching `unit_patterns` in fleet.toml) listens on a port that the "
    "registry does not declare for it. A declared port at another address is QT303. UDP sockets on ports that Linux "
    "hands out by itself (32768 to 60999) are not judged: they belong to clients. If there is no such port, one check "
    "with the subject `tcp` or `udp` holds.",
    why="A port that nobody wrote down is in no firewall, no health check and no review: a debugger, a metrics "
    "endpoint or a second server that a new version brought. The whole network can reach what listens on 0.0.0.0.",
    fix="Declare the port under `[ports]` of the service, or switch off what opens it. The proof shows the socket's "
    "address and control group.",
    expect=_expect_no_strays,
)
QT306 = Rule(
    "QT306",
    "socket held outside of every unit",
    Severity.WARNING,
    several="sockets are held outside of every unit",
    what="Something listens on the host, and the control group of its socket belongs to no unit of systemd: neither a "
    "service nor a socket, and not someone's login. Where the control group is gone, or the kernel names none, the "
    "check is unknown for that socket alone; QT302 reports that at a declared port.",
    why="systemd does not restart, cap or stop a program that is in none of its units: one that was moved out of its "
    "unit, a container without a scope, a leftover of a stopped unit. It keeps the port from its owner.",
    fix="`ss -lntp` as root names the process. Run it as a unit and declare that, or end it. Sockets of the kernel "
    "itself (NFS) have no process: waive them.",
    expect=_expect_no_strangers,
)
RULES = (QT304, QT306)
