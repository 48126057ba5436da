"""QT308: a program takes the connections that wait on its port."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.listeners import Row, read_full_queue
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import name_port
from qtctl.rules.host.ports import Place, find_sockets, list_places
from qtctl.rules.rule import Expectation, Judgment, Rule, Verdict


def _expect_room(desired: Desired) -> tuple[Expectation, ...]:
    places = tuple(place for place in list_places(desired) if place.port.protocol == "tcp")
    judge = partial(_have_room, places=places)
    return (Expectation("ports", {"full queues": []}, (places[0].need,), judge),) if places else ()


def _have_room(facts: Facts, places: tuple[Place, ...]) -> Judgment:
    rows = ((place, row) for place in places for row in find_sockets(facts, place).there)
    full = tuple(_judge_full(place, row, queue) for place, row in rows if (queue := read_full_queue(row)))
    return full or Verdict(True, {"full queues": []})


def _judge_full(place: Place, row: Row, queue: tuple[int, int]) -> Verdict:
    waiting, room = queue
    observed: JsonObject = {"address": row[0], "connections that wait": waiting, "room for": room}
    remedy = make_steps(
        ("journalctl", "-u", place.unit, "-n", "50", "--no-pager"),
        "it runs and takes no connections: see what it does; then:",
        ("systemctl", "restart", place.unit),
    )
    source = proofs.prove_full_queue(place.need, place.port, row)
    stands = (("QT226", place.unit), ("QT233", place.unit))
    return Verdict(False, observed, (source,), subject=name_port(place.port), remedy=remedy, roots=stands)


QT308 = Rule(
    "QT308",
    "program takes no connections from its port",
    Severity.ERROR,
    several="programs take no connections from their ports",
    what="The declared unit listens on its TCP port, and more connections wait there than the queue of the socket "
    "holds: the program no longer takes them, or is far too slow, and the kernel drops every further one. Nothing is "
    "reported as long as there is room: a program that has just stopped is found once enough clients have tried.",
    why="The unit is active, the port is open, and `ss -lnt` lists it. Clients wait until they give up: to them the "
    "service is gone.",
    fix="`ss -lnt 'sport = :PORT'` shows what waits (Recv-Q) and what the queue holds (Send-Q). See in the journal "
    "what the program does instead, and restart it. A service that is only slow needs more workers, or a longer queue "
    "(`listen` of the program, net.core.somaxconn).",
    expect=_expect_room,
)
RULES = (QT308,)
