"""QT305: a declared health URL answers as declared, asked from the host itself."""

import json
from collections.abc import Iterator
from functools import partial

from qtctl.dialects import http
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, steps
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Health
from qtctl.model.json import Json
from qtctl.rules.declared import down, port_subject
from qtctl.rules.host.ports import Place, places, sockets
from qtctl.rules.rule import NOT_JUDGED, Expectation, ProofSource, Rule, Verdict

STATUS = "r.status"
BODY = f"r.read({http.MOST_BODY})"


def _answers(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(_expectation(place) for place in places(desired) if place.port.health_path)


def _expectation(place: Place) -> Expectation:
    port, subject = place.port, _subject(place.port)
    wanted: dict[str, Json] = {"status": port.health_status, "within": f"{_within_s(port):g}s"}
    wanted |= {"text": port.health_text} if port.health_text else {}
    wanted |= {"values": dict(port.health_values)} if port.health_values else {}
    at = port_subject(port)
    roots = (*down(place.unit), ("QT301", at), ("QT302", at), ("QT226", place.unit), ("QT303", at))
    judge = partial(_judge, place=place)
    return Expectation(subject, wanted, (Need(Health.FACT, subject),), judge, port.origin, roots)


def _subject(port: Listener) -> str:
    return http.url_subject(port.address, port.port, port.health_path)


def _within_s(port: Listener) -> float:
    return port.health_within_us / 1_000_000


def _judge(facts: Facts, place: Place) -> Verdict | tuple[Verdict, ...]:
    port, subject = place.port, _subject(place.port)
    if not _its_own(facts, place):
        return NOT_JUDGED
    answer = facts.read(Health, subject) or Health(0, "nothing was answered")
    need = Need(Health.FACT, subject)
    status = (_proof(need, port, STATUS, answer.status or "none"),)
    observed: dict[str, Json] = {"status": answer.status} if answer.status else {"error": answer.error}
    if answer.status != port.health_status:
        return Verdict(False, observed, status, remedy=_remedy(place, answer))
    wrong = tuple(_wrong(need, port, answer))
    if not wrong:
        return Verdict(True, observed, status)
    if answer.cut:
        why = f"its answer is longer than the {http.MOST_BODY // 1024} KiB that are read of it"
        return Verdict(False, observed, status, unknown=why)
    found: dict[str, Json] = {"text": answer.text} if port.health_text else {}
    found |= {"values": answer.values or {}} if port.health_values else {}
    return Verdict(False, {**observed, **found}, wrong, remedy=_remedy(place, answer))


def _its_own(facts: Facts, place: Place) -> bool:
    """Whether the unit listens there, as far as that is known: else that is QT301's or QT302's, and not this one's."""
    if not facts.item(place.need).state.known:
        return True
    found = sockets(facts, place)
    return bool(found.there or (found.unowned and not found.taken))


def _wrong(need: Need, port: Listener, answer: Health) -> Iterator[ProofSource]:
    """The first thing in the body that is not as declared."""
    if port.health_text and not answer.text:
        yield _proof(need, port, f'{http.text(port.health_text)} in {BODY}.decode("utf-8", "replace")', False)
    values = answer.values or {}
    for key, wanted in port.health_values:
        if key not in values or not _same(values[key], wanted):
            parts = "".join(f"[{http.text(part)}]" for part in key.split("."))
            line = _json(values[key]) if key in values else "none"
            yield _proof(need, port, f"json.dumps(json.loads({BODY}){parts})", line)


def _same(found: Json, wanted: str | int | bool) -> bool:
    """`true` is not 1, and 1.0 is."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _json(value: Json) -> str:
    return json.dumps(value)


def _proof(need: Need, port: Listener, expression: str, line: object) -> ProofSource:
    again = http.again(port.address, port.port, port.health_path, _within_s(port), expression)
    return ProofSource(need, again, str(line))


def _remedy(place: Place, answer: Health) -> Remedy:
    """A restart heals what does not answer; what answers that it is not well has a reason."""
    log = ("journalctl", "-u", place.unit, "-n", "50", "--no-pager")
    if answer.status:
        return steps(log, "it should say what is wrong; or declare what the URL should answer")
    return steps(log, ("systemctl", "restart", place.unit))


QT305 = Rule(
    "QT305",
    "health URL does not answer as declared",
    Severity.ERROR,
    several="health URLs do not answer as declared",
    what="A port has a `health` URL in the registry, its unit listens there, and a GET from the host itself is not "
    "answered as declared: with another status, not at all, not within the time, or, where `text` or `values` are "
    "declared, with another body. A redirect is not followed: its status is the answer. All URLs of a host are asked "
    "at the same time, through the SSH connection; where nobody or another unit listens that is QT301 or QT302. Of "
    "the body nothing is kept but whether the text is there, and the declared JSON values.",
    why="A program that is stopped by a signal, hangs in a lock or is a zombie is `active (running)` to systemd, and "
    "the kernel takes connections for it: nothing but a request tells that it does not work.",
    fix="No answer: `journalctl -u UNIT -n 50`, then `systemctl restart UNIT`. Another status: the program itself says "
    "that it is not well, and its log says why. If it only needs longer, declare `within`; if it answers otherwise "
    "by design, declare `status`, `text` or `values`.",
    expect=_answers,
    gate=True,
)
RULES = (QT305,)
