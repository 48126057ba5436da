"""QT803: the rows of compose services, and what is found."""

from tests.builders.compared import facts
from tests.parity.case import API, TO_API, UP, Case

CASES: dict[str, Case] = {
    "holds-without-ports": Case("image: x", TO_API, facts(UP, None), "parity"),
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
        ("port 8000/tcp: the kernel names no unit for what listens",),
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
}
