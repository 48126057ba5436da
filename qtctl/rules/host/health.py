"""QT305: a declared health URL answers as declared, asked from the host itself."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.model.check_facts import Health
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.rules.declared import list_down_checks, name_port
from qtctl.rules.host.ports import Place, find_sockets, list_places
from qtctl.rules.http_answers import judge_answer, make_url, show_wanted_answer
from qtctl.rules.rule import NOT_JUDGED, Expectation, Rule, Verdict


def _expect_answers(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(_make_expectation(place) for place in list_places(desired) if place.port.health_path)


def _make_expectation(place: Place) -> Expectation:
    port, subject = place.port, make_url(place.port)
    at = name_port(port)
    roots = (
        *list_down_checks(place.unit),
        ("QT301", at),
        ("QT302", at),
        ("QT226", place.unit),
        ("QT233", place.unit),
        ("QT303", at),
    )
    judge = partial(_judge, place=place)
    return Expectation(subject, show_wanted_answer(port), (Need(Health.FACT, subject),), judge, port.origin, roots)


def _judge(facts: Facts, place: Place) -> Verdict | tuple[Verdict, ...]:
    subject = make_url(place.port)
    if not _listens_itself(facts, place):
        return NOT_JUDGED
    answer = facts.read(Health, subject) or Health(0, "nothing was answered")
    return judge_answer(Need(Health.FACT, subject), place.port, answer, _choose_remedy(place, answer))


def _listens_itself(facts: Facts, place: Place) -> bool:
    """Whether the unit listens there, as far as that is known: otherwise it is QT301's or QT302's."""
    if not facts.find_item(place.need).state.known:
        return True
    found = find_sockets(facts, place)
    return bool(found.there or (found.unowned and not found.taken))


def _choose_remedy(place: Place, answer: Health) -> Remedy:
    """A restart helps if nothing answers; if it answers that it is not well, there is a reason."""
    log = ("journalctl", "-u", place.unit, "-n", "50", "--no-pager")
    if answer.status:
        return make_steps(log, "it should say what is wrong; or declare what the URL should answer")
    return make_steps(log, ("systemctl", "restart", place.unit))


QT305 = Rule(
    "QT305",
    "health URL does not answer as declared",
    Severity.ERROR,
    several="health URLs do not answer as declared",
    what="A port has a `health` URL in the registry, its unit listens there, and a GET from the host itself is not "
    "answered as declared: it gets another status, no answer, a late one, or, where `text` or `values` are declared, "
    "another body. A redirect is not followed: its status is the answer. All URLs of a host are asked at the same "
    "time, through the SSH connection; where nobody or another unit listens, it is QT301 or QT302. Of the body, qtctl "
    "keeps only the declared JSON values and whether it contains the text.",
    why="A program that is stopped by a signal, hangs in a lock or is a zombie is `active (running)` to systemd, and "
    "the kernel takes connections for it: only a request shows that it does not work.",
    fix="No answer: `journalctl -u UNIT -n 50`, then `systemctl restart UNIT`. Another status: the program itself "
    "reports that it is unhealthy, and its log says why. If it only needs more time, declare `within`; if it answers "
    "differently by design, declare `status`, `text` or `values`.",
    expect=_expect_answers,
    gate=True,
)
RULES = (QT305,)
