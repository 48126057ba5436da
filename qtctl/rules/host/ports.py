"""QT301, QT302, QT303: a declared port is listened on, by its unit, at its address. One port gives at most one."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.listeners import SYSTEMD, DeclaredPort, Row, Served, Sockets, list_declared_ports
from qtctl.meaning.socket_owners import read_sockets
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Listeners
from qtctl.model.json import Json
from qtctl.rules import proofs
from qtctl.rules.declared import Root, list_down_checks, name_port
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

UNOWNED = "the kernel names no unit for the socket"


@dataclass(frozen=True, slots=True)
class Place:
    """A declared port of a unit that is declared to be up."""

    declared: DeclaredPort

    @property
    def port(self) -> Listener:
        return self.declared.port

    @property
    def unit(self) -> str:
        return self.declared.unit.unit

    @property
    def need(self) -> Need:
        return Need(Listeners.FACT, self.port.protocol)


def list_places(desired: Desired) -> Iterator[Place]:
    """Ports of services, sockets and externals that are declared to be up."""
    for each in list_declared_ports(desired):
        if each.unit.must_be_active:
            yield Place(each)


def find_sockets(facts: Facts, place: Place) -> Sockets:
    listeners = facts.read(Listeners, place.port.protocol)
    return read_sockets(facts, listeners.rows if listeners else (), place.declared)


def _expect_ports(desired: Desired, judge: str) -> tuple[Expectation, ...]:
    return tuple(_make_expectation(place, judge) for place in list_places(desired))


def _make_expectation(place: Place, judge: str) -> Expectation:
    rule, expected, roots = {
        "listened": (_judge_listening, place.unit, list_down_checks(place.unit)),
        "owned": (_judge_owner, place.unit, (("QT306", name_port(place.port)),)),
        "bound": (_judge_address, place.port.address, ()),
    }[judge]
    key = "address" if judge == "bound" else "unit"
    wanted: dict[str, Json] = {"port": place.port.port, key: expected}
    causes: tuple[Root, ...] = roots
    subject = name_port(place.port)
    return Expectation(subject, wanted, (place.need,), partial(rule, place=place), place.port.origin, causes)


def _judge_listening(facts: Facts, place: Place) -> Judgment:
    found = find_sockets(facts, place)
    if found.there or found.served is Served.UNOWNED:
        rows = found.there or found.unowned
        return Verdict(True, _show_rows(rows), (proofs.prove_listener(place.need, place.port, rows[0]),))
    if found.served is not Served.NOBODY:
        return NOT_JUDGED
    remedy = make_steps(
        ("systemctl", "status", "--no-pager", place.unit), f"it should listen on {name_port(place.port)}"
    )
    if not found.all:
        return Verdict(False, {"listeners": []}, (proofs.prove_no_listener(place.need, place.port),), remedy=remedy)
    return Verdict(False, _show_rows(found.all), (proofs.prove_other_address(place.need, place.port),), remedy=remedy)


def _judge_owner(facts: Facts, place: Place) -> Judgment:
    found = find_sockets(facts, place)
    if found.served is Served.UNOWNED:
        return Verdict(False, None, _prove_owners(place, found.unowned), unknown=UNOWNED)
    if not found.taken:
        return Verdict(True, _show_rows(found.there), _prove_owners(place, found.there)) if found.there else NOT_JUDGED
    return Verdict(
        False, _show_rows(found.taken), _prove_owners(place, found.taken), remedy=_choose_free(place, found.taken)
    )


def _choose_free(place: Place, taken: tuple[Row, ...]) -> Remedy:
    """Only what can be stopped: not systemd, someone's login, or a folder of units."""
    units = sorted({row[2] for row in taken})
    stopped = [unit for unit in units if unit.endswith((".service", ".socket"))]
    named = [unit for unit in units if unit != SYSTEMD]
    others = [unit for unit in units if unit not in stopped and unit != SYSTEMD]
    sockets_shown = ("systemctl", "list-sockets", "--no-pager") if SYSTEMD in units else ()
    restart = () if others or sockets_shown else ("systemctl", "restart", place.unit)
    return make_steps(
        f"give one of the two another port in the registry, or take it from {', '.join(named) or 'systemd'}:",
        ("systemctl", "stop", *stopped) if stopped else (),
        sockets_shown,
        "it shows the socket unit that systemd listens for: stop that, or declare it" if sockets_shown else "",
        f"in {', '.join(others)} a program listens that no service started: end that program" if others else "",
        restart,
    )


def _judge_address(facts: Facts, place: Place) -> Judgment:
    found = find_sockets(facts, place)
    if found.there and found.exact and not found.wrong:
        return Verdict(True, _show_rows(found.there), _prove_addresses(place, found.there))
    if not found.there and found.served is not Served.WRONG_ADDRESS:
        return NOT_JUDGED
    remedy = f"make {place.unit} bind {place.port.address} (its arguments or env), or declare the address it binds"
    wrong = found.wrong or found.there
    return Verdict(False, _show_rows(wrong), _prove_addresses(place, wrong), remedy=remedy)


def _show_rows(rows: tuple[Row, ...]) -> dict[str, Json]:
    return {"listeners": [{"address": row[0], "unit": row[2]} for row in rows]}


def _prove_owners(place: Place, rows: tuple[Row, ...]) -> tuple[ProofSource, ...]:
    return tuple(proofs.prove_owner(place.need, place.port, row) for row in rows)


def _prove_addresses(place: Place, rows: tuple[Row, ...]) -> tuple[ProofSource, ...]:
    return tuple(proofs.prove_listener(place.need, place.port, row) for row in rows)


QT301 = Rule(
    "QT301",
    "declared port nobody listens on",
    Severity.ERROR,
    several="declared ports have no listener",
    what="A service, socket unit or external that is declared running or active has a port, and nothing listens "
    "there: neither at the declared address nor at one that covers it. Ports of stopped and on-timer services are not "
    "judged. If the declared unit listens on that port at another address, it is QT303; if another unit has the port, "
    "QT302. systemd itself (init.scope) holds the sockets of socket units: they count as the socket unit's, by its "
    "loaded Listen=, and as its service's.",
    why="`active (running)` says that a process exists, not that it serves. An engine that waits for a model "
    "file, or an exchange that does not answer, is active for minutes before it listens, if it ever does.",
    fix="If the unit is down, the finding gives that as its cause: start it. If it runs, `journalctl -u UNIT -n 50` "
    "shows what it waits for. Compare the port in its command line and env file with `[ports]` in the registry.",
    expect=partial(_expect_ports, judge="listened"),
    gate=True,
)
QT302 = Rule(
    "QT302",
    "another unit listens on the port",
    Severity.ERROR,
    several="ports are held by another unit",
    what="The declared port is open, and a socket there belongs to another unit: alone, or beside the declared unit's "
    "own, by SO_REUSEPORT, at a wider address (`0.0.0.0`) or at a more specific one. The kernel names the control "
    "group of each listening socket, and with it the unit. If it names none, the check is unknown, not passed.",
    why="The health check gets an answer, from the wrong program. Port 8005 was given to both risk-safety and the "
    "position monitor of one fleet: whichever starts first gets it, and the other one loops.",
    fix="Stop the unit that should not be there, or give one of the two another port in the registry and deploy. "
    "`qtctl lint` finds two declared services with one address before they meet on a host (QT101).",
    expect=partial(_expect_ports, judge="owned"),
    gate=True,
)
QT303 = Rule(
    "QT303",
    "bound wider or narrower than declared",
    Severity.ERROR,
    several="ports are bound wider or narrower than declared",
    what="The declared unit listens on the declared port at another address: wider (`0.0.0.0`, `[::]` or `*` where "
    "127.0.0.1 is declared), narrower (127.0.0.1 where 0.0.0.0 is declared) or elsewhere, even if it listens at the "
    "declared one too. An external that is declared at one loopback address may listen at others; `0.0.0.0` and "
    "`[::]` together are `*`. `*` is ss's word for a socket of both families; `127.0.0.1%lo` and `[::ffff:127.0.0.1]` "
    "are the same as 127.0.0.1.",
    why="In a container a program binds 0.0.0.0, and the port mapping decides who reaches it. Moved to systemd "
    "unchanged, an API that can place orders is open to the network. Too narrow is an outage for those who "
    "connect from outside.",
    fix="Correct the bind address where the program takes it from: `--host` in its arguments or a variable in its "
    "env. If the wider address is meant, declare it under `[ports]`, so that the decision is on record.",
    expect=partial(_expect_ports, judge="bound"),
    gate=True,
)
RULES = (QT301, QT302, QT303)
