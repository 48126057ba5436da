"""One compose service and one disposition a case → the verdict, the findings (id, subject, observed), the unknowns."""

from typing import Any, NamedTuple

from qtctl.model.facts import Facts

from .fleet import facts

UP = {"q-api.service": "up", "redis-server.service": "up"}
API = ["127.0.0.1", "8000", "q-api.service"]
TO_API: dict[str, Any] = {"is": "mapped", "to": ["api"], "why": "same"}


class Case(NamedTuple):
    service: str
    disposition: dict[str, Any] | None
    facts: Facts | None
    verdict: str
    findings: tuple[tuple[str, str, str], ...] = ()
    unknowns: tuple[str, ...] = ()


CASES: dict[str, Case] = {
    "holds": Case("ports: ['8000:80']", TO_API, facts(UP, [API]), "parity"),
    "holds-without-ports": Case("image: x", TO_API, facts(UP, None), "parity"),
    "holds-by-alias": Case("image: x", TO_API | {"to": ["redis"]}, facts(UP, None), "parity"),
    "holds-while-it-starts": Case("image: x", TO_API, facts({"q-api.service": "starting"}, None), "parity"),
    "holds-under-an-alias": Case(
        "ports: ['6379:6379']",
        TO_API | {"to": ["redis-server"]},
        facts(UP, [["127.0.0.1", "6379", "redis.service"]]),
        "parity",
    ),
    "holds-beside-a-stranger": Case(
        "ports: ['8000:80']", TO_API, facts(UP, [["[::1]", "8000", "x.service"], API]), "parity"
    ),
    "no-disposition": Case(
        "ports: ['8000:80']", None, facts(UP, [API]), "no-disposition", (("QT801", "compose:s", "no disposition"),)
    ),
    "absorbed": Case("ports: ['8000:80']", TO_API | {"is": "absorbed"}, facts({}, None), "gone"),
    "deprecated": Case("ports: ['8000:80']", {"is": "deprecated", "why": "no use"}, None, "gone"),
    "no-evidence": Case("ports: ['8000:80']", TO_API, None, "unknown", (), ("no evidence of a host",)),
    "unit-absent": Case(
        "image: x",
        TO_API,
        facts({"q-api.service": "absent"}, []),
        "gap",
        (("QT802", "q-api.service", "not on the host"),),
    ),
    "unit-not-found": Case(
        "image: x",
        TO_API,
        facts({"q-api.service": "not-found"}, []),
        "gap",
        (("QT802", "q-api.service", "not on the host"),),
    ),
    "unit-down-and-its-port": Case(
        "ports: ['8000:80']",
        TO_API,
        facts({"q-api.service": "failed"}, []),
        "gap",
        (
            ("QT802", "q-api.service", "failed (failed)"),
            ("QT803", "8000/tcp", "nobody listens on 8000/tcp"),
        ),
    ),
    "unit-looping": Case(
        "image: x",
        TO_API,
        facts({"q-api.service": "looping"}, []),
        "gap",
        (("QT802", "q-api.service", "activating (auto-restart)"),),
    ),
    "unit-refused": Case(
        "image: x",
        TO_API,
        facts({"q-api.service": "refused: no bus"}, []),
        "unknown",
        (),
        ("unit q-api.service: refused (no bus)",),
    ),
    "unit-not-asked": Case(
        "image: x", TO_API, facts({}, []), "unknown", (), ("unit q-api.service: not-asked (not in the evidence)",)
    ),
    "one-of-two-down": Case(
        "image: x",
        TO_API | {"to": ["api", "worker"]},
        facts(UP | {"q-worker.service": "down"}, []),
        "gap",
        (("QT802", "q-worker.service", "declared stopped; inactive (dead)"),),
    ),
    "retired-and-gone": Case(
        "image: x",
        TO_API | {"to": ["old"]},
        facts({"q-old.service": "absent"}, []),
        "gap",
        (("QT802", "q-old.service", "declared retired; not on the host"),),
    ),
    "on-timer": Case(
        "image: x",
        TO_API | {"to": ["nightly"]},
        facts({"q-nightly.service": "down", "q-nightly.timer": "waiting"}, []),
        "parity",
    ),
    "on-timer-stopped": Case(
        "image: x",
        TO_API | {"to": ["nightly"]},
        facts({"q-nightly.service": "down", "q-nightly.timer": "down"}, []),
        "gap",
        (("QT802", "q-nightly.service", "declared on-timer; no timer that starts it is active"),),
    ),
    "on-timer-failed": Case(
        "image: x",
        TO_API | {"to": ["nightly"]},
        facts({"q-nightly.service": "failed", "q-nightly.timer": "waiting"}, []),
        "gap",
        (("QT802", "q-nightly.service", "declared on-timer; its last run failed"),),
    ),
    "on-timer-unknown": Case(
        "image: x",
        TO_API | {"to": ["nightly"]},
        facts({"q-nightly.service": "down"}, []),
        "unknown",
        (),
        ("unit q-nightly.timer: not-asked (not in the evidence)",),
    ),
    "on-another-host": Case(
        "image: x", TO_API | {"to": ["far"]}, facts(UP, []), "unknown", (), ("far: declared for another host",)
    ),
    "port-taken": Case(
        "ports: ['8000:80']",
        TO_API,
        facts(UP, [["*", "8000", "docker.service"]]),
        "gap",
        (("QT803", "8000/tcp", "docker.service listens on 8000/tcp"),),
    ),
    "port-of-nobody-known": Case(
        "ports: ['8000:80']",
        TO_API,
        facts(UP, [["*", "8000", ""]]),
        "unknown",
        (),
        ("port 8000/tcp: the kernel names no unit for who listens",),
    ),
    "port-refused": Case(
        "ports: ['8000:80']", TO_API, facts(UP, None), "unknown", (), ("listeners tcp: refused (no ss)",)
    ),
    "port-not-declared": Case(
        "ports: ['9000:80']",
        TO_API,
        facts(UP, [["*", "9000", "q-api.service"]]),
        "gap",
        (("QT803", "9000/tcp", "listens on 9000/tcp, which the registry does not declare"),),
    ),
    "port-moved-unsaid": Case(
        "ports: ['9000:80']",
        TO_API,
        facts(UP, [API]),
        "gap",
        (("QT803", "9000/tcp", "nobody listens on 9000/tcp"),),
    ),
    "port-moved-as-said": Case("ports: ['9000:80']", TO_API | {"ports": {"9000": "8000"}}, facts(UP, [API]), "parity"),
    "port-gone-as-said": Case(
        "ports: ['9000:80']", TO_API | {"ports": {"9000": "gone: nobody asked"}}, facts(UP, None), "parity"
    ),
    "port-gone-without-reason": Case(
        "image: x\n    ports: ['9000:80']",
        TO_API | {"ports": {"9000": "gone: "}},
        facts(UP, None),
        "gap",
        (("QT809", "compose:s port 9000", "gone: "),),
    ),
    "udp": Case(
        "ports: ['7000:7000/udp']",
        TO_API | {"ports": {"7000/udp": "7000"}},
        facts(UP, [], [["0.0.0.0", "7000", "q-api.service"]]),  # noqa: S104 - a row of ss
        "parity",
    ),
    "bound-wider-than-declared": Case(
        "ports: ['7000:7000/udp']",
        TO_API | {"ports": {"7000/udp": "7000"}},
        facts(UP, [], [["*", "7000", "q-api.service"]]),
        "gap",
        (("QT803", "7000/udp", "listens at *:7000, declared 0.0.0.0:7000"),),
    ),
    "udp-is-not-tcp": Case(
        "ports: ['8000:8000/udp']",
        TO_API,
        facts(UP, [API], []),
        "gap",
        (("QT803", "8000/udp", "nobody listens on 8000/udp"),),
    ),
    "port-chosen-by-docker": Case(
        "ports: ['8000']",
        TO_API,
        facts(UP, [API]),
        "unknown",
        (),
        ("port 8000: published where Docker chose to; the disposition does not say where it is now",),
    ),
    "port-of-a-variable": Case(
        "ports: ['${PORT}:80']",
        TO_API,
        facts(UP, [API]),
        "unknown",
        (),
        ("port ${PORT}:80: depends on PORT; the disposition does not say where it is now",),
    ),
    "port-of-a-variable-said": Case(
        "ports: ['${PORT}:80']", TO_API | {"ports": {"${PORT}:80": "8000"}}, facts(UP, [API]), "parity"
    ),
    "gap-beats-unknown": Case(
        "ports: ['8000:80']",
        TO_API,
        facts({"q-api.service": "down"}, None),
        "gap",
        (("QT802", "q-api.service", "inactive (dead)"),),
        ("listeners tcp: refused (no ss)",),
    ),
    "to-nothing-declared": Case(
        "image: x",
        TO_API | {"to": ["nowhere"]},
        None,
        "gap",
        (("QT809", "compose:s to nowhere", "the registry has none of this name"),),
    ),
    "to-nothing": Case(
        "image: x", TO_API | {"is": "migrated", "to": []}, None, "gap", (("QT809", "compose:s", "`to` is empty"),)
    ),
    "absorbed-into-nothing-declared": Case(
        "image: x",
        {"is": "absorbed", "to": ["nowhere"], "why": "w"},
        None,
        "gap",
        (("QT809", "compose:s to nowhere", "the registry has none of this name"),),
    ),
    "port-not-published": Case(
        "ports: ['8000:80']",
        TO_API | {"ports": {"8001": "8000"}},
        facts(UP, [API]),
        "gap",
        (("QT809", "compose:s port 8001", "it publishes no such port"),),
    ),
    "port-word-says-nothing": Case(
        "ports: ['8000:80']",
        TO_API | {"ports": {"8000": "maybe"}},
        facts(UP, [API]),
        "gap",
        (("QT809", "compose:s port 8000", "maybe"),),
    ),
}
