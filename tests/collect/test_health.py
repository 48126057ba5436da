"""Health URLs in a look at this machine: what is kept of an answer, and how it is judged."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.collect.collect import collect
from qtctl.collect.document import dump, load
from qtctl.findings.finding import Outcome
from qtctl.model.check_facts import Health
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Evidence, Need
from qtctl.model.facts import Facts
from qtctl.model.inquiry import build_inquiry
from qtctl.rules.host.health import RULES
from tests.collect.small import ORIGIN, desired

CANARY = "canary-of-a-body"
UNIT = "quantum-web.service"


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[int]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def declaring(port: int, **health: Any) -> Desired:
    listener = Listener("http", "tcp", "127.0.0.1", port, "/health", 200, 2_000_000, ORIGIN, **health)
    plain = desired(services=(UNIT,))
    return replace(plain, services=tuple(replace(each, ports=(listener,)) for each in plain.services))


def look(wanted: Desired) -> tuple[Evidence, Need]:
    (expectation,) = RULES[0].expect(wanted)
    (need,) = expectation.needs
    with LocalHost() as host:
        evidence = collect(host, build_inquiry(wanted, [need]), SystemClock())
    return load(dump(evidence), "e.json"), need


def outcome(wanted: Desired, evidence: Evidence) -> Outcome:
    (expectation,) = RULES[0].expect(wanted)
    verdict = expectation.judge(Facts.of(evidence))
    assert not isinstance(verdict, tuple)
    if verdict.unknown:
        return Outcome.UNKNOWN
    return Outcome.HOLDS if verdict.holds else Outcome.BROKEN


DOCUMENT = {"status": "ok", "n": 1, "db": {"up": True, "password": CANARY}, "list": [CANARY], "none": None, "f": 1.0}
CASES: list[tuple[dict[str, Any], Outcome]] = [
    ({}, Outcome.HOLDS),
    ({"health_status": 204}, Outcome.BROKEN),
    ({"health_text": '"status": "ok"'}, Outcome.HOLDS),
    ({"health_text": "well"}, Outcome.BROKEN),
    ({"health_values": (("status", "ok"), ("n", 1), ("db.up", True))}, Outcome.HOLDS),
    ({"health_values": (("status", "down"),)}, Outcome.BROKEN),
    ({"health_values": (("n", True),)}, Outcome.BROKEN),
    ({"health_values": (("db.up", 1),)}, Outcome.BROKEN),
    ({"health_values": (("db", "ok"),)}, Outcome.BROKEN),
    ({"health_values": (("list", "ok"),)}, Outcome.BROKEN),
    ({"health_values": (("none", "ok"),)}, Outcome.BROKEN),
    ({"health_values": (("f", 1),)}, Outcome.HOLDS),
    ({"health_values": (("db.gone", "ok"),)}, Outcome.BROKEN),
    ({"health_values": (("status.deeper", "ok"),)}, Outcome.BROKEN),
]


@pytest.mark.parametrize(("declared", "expected"), CASES, ids=lambda each: str(each)[:60])
def test_what_is_declared_of_an_answer(declared: dict[str, Any], expected: Outcome) -> None:
    with answering(json.dumps(DOCUMENT).encode()) as port:
        status = {"health_status": declared["health_status"]} if "health_status" in declared else {}
        rest = {key: value for key, value in declared.items() if key not in status}
        wanted = declaring(port, **rest)
        (web,) = wanted.services
        wanted = replace(wanted, services=(replace(web, ports=(replace(web.ports[0], **status),)),))
        evidence, _ = look(wanted)
    assert outcome(wanted, evidence) is expected
    assert CANARY not in dump(evidence)


@pytest.mark.parametrize(
    "body",
    [b"", b"ok", b"[" * 60_000, b"\xff\xfe", b'{"status": NaN}', b'{"status": 1e999}', b'{"status": "a\\ud800"}',
     b'{"status": ' + b"9" * 5000 + b"}", b'{"status": "' + b"x" * 60_000 + b'"}', b'{"status": "\\u001b[2J"}'],
    ids=lambda each: repr(each[:20]),
)  # fmt: skip
def test_a_body_that_is_not_what_was_declared(body: bytes) -> None:
    with answering(body) as port:
        wanted = declaring(port, health_values=(("status", "ok"),))
        evidence, _ = look(wanted)
    assert outcome(wanted, evidence) is Outcome.BROKEN
    assert len(dump(evidence)) < 30_000


def test_a_body_longer_than_is_read_decides_nothing_that_it_does_not_show() -> None:
    with answering(b"ready " + b"x" * 100_000) as port:
        there, missing = declaring(port, health_text="ready"), declaring(port, health_text="well")
        assert outcome(there, look(there)[0]) is Outcome.HOLDS
        assert outcome(missing, look(missing)[0]) is Outcome.UNKNOWN


def test_only_what_is_declared_is_asked() -> None:
    with answering(b"ok") as port:
        wanted = declaring(port)
        other = Need(Health.FACT, f"127.0.0.1:{port}/other")
        with LocalHost() as host:
            evidence = collect(host, build_inquiry(wanted, [other]), SystemClock())
    (item,) = [each for each in evidence.items if each.need == other]
    assert (str(item.state), item.reason) == ("not-asked", "no such health URL is declared")
