"""QT802: the rows of compose services, and what is found."""

from tests.builders.compared import facts
from tests.parity.case import API, TO_API, UP, Case

CASES: dict[str, Case] = {
    "holds": Case("ports: ['8000:80']", TO_API, facts(UP, [API]), "parity"),
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
    "udp": Case(
        "ports: ['7000:7000/udp']",
        TO_API | {"ports": {"7000/udp": "7000"}},
        facts(UP, [], [["0.0.0.0", "7000", "q-api.service"]]),  # noqa: S104 - a row of ss
        "parity",
    ),
    "gap-beats-unknown": Case(
        "ports: ['8000:80']",
        TO_API,
        facts({"q-api.service": "down"}, None),
        "gap",
        (("QT802", "q-api.service", "inactive (dead)"),),
        ("listeners tcp: refused (no ss)",),
    ),
}
