"""QT801, QT809: the rows of compose services, and what is found."""

from tests.builders.compared import facts
from tests.parity.case import API, TO_API, UP, Case

CASES: dict[str, Case] = {
    "no-disposition": Case(
        "ports: ['8000:80']", None, facts(UP, [API]), "no-disposition", (("QT801", "compose:s", "no disposition"),)
    ),
    "absorbed": Case("ports: ['8000:80']", TO_API | {"is": "absorbed"}, facts({}, None), "gone"),
    "deprecated": Case("ports: ['8000:80']", {"is": "deprecated", "why": "no use"}, None, "gone"),
    "no-evidence": Case("ports: ['8000:80']", TO_API, None, "unknown", (), ("no evidence of a host",)),
    "port-gone-without-reason": Case(
        "image: x\n    ports: ['9000:80']",
        TO_API | {"ports": {"9000": "gone: "}},
        facts(UP, None),
        "gap",
        (("QT809", "compose:s port 9000", "gone: "),),
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
