"""Where the numbers of the module registry come from."""

from collections.abc import Iterator

from qtctl.reports.gates import FAMILIES
from qtctl.reports.numbers.rules import (
    SCHEMA,
    Document,
    Items,
    Number,
    Test,
    begins_with,
    count,
    declared,
    is_none_of,
    seen,
    split_keys,
)
from qtctl.reports.numbers.shared import list_baseline_numbers

CATEGORIES = ("running", "stopped", "failed", "auto_restart", "orphaned", "unknown")
SECTIONS = {
    "targets": "targets",
    "timers": "timers",
    "units": "units",
    "venvs": "venvs",
    "redis_streams": "streams",
    "redis_keys": "keys",
    "ports": "ports",
}
_VERBS = {"passed": "passed", "failed": "failed", "unknown": "could not be judged"}
_OUTCOMES = {"passed": "pass", "failed": "fail", "unknown": "unknown"}


def list_summary_numbers(modules: str, sections: dict[str, str]) -> Iterator[Number]:
    """`modules`: the rows that the summary classifies. `sections`: a number of it → the rows that it counts."""
    yield count("/summary/total_modules", "modules", Items(modules))
    for name in CATEGORIES:
        word = name.upper()
        yield count(f"/summary/{name}", f"modules whose category is {word}", Items(modules, {"category": word}))
    there = is_none_of("retired", "undeclared")
    yield count("/summary/declared", "modules that the registry declares", Items(modules, {"declared": there}))
    for word in ("retired", "undeclared"):
        yield count(
            f"/summary/{word}",
            f"modules that are {word}, and on the host or not known to be gone",
            Items(modules, {"declared": word}),
        )
    for name, rows in sections.items():
        yield count(f"/summary/{name}", rows.strip("/*").rpartition("/")[2].replace("_", " "), Items(rows))


def list_infrastructure_numbers() -> Iterator[Number]:
    yield from list_baseline_numbers("/infrastructure/host")
    for name, what in (("uptime_s", "seconds for which the server has been up"), ("used_memory", "bytes that it uses")):
        yield seen(f"/infrastructure/stores/*/{name}", what, "/infrastructure/stores/{0}")


def _list_gate_numbers() -> Iterator[Number]:
    """The gates are in the order in which `judge_gates` makes them."""
    for word, outcome in _OUTCOMES.items():
        yield count(
            f"/summary/gates_{word}", f"gates whose outcome is {outcome}", Items("/gates/*", {"outcome": outcome})
        )
        rows: list[tuple[Items, ...]] = [_list_classified(word), _list_code(word)]
        rows += [(Items(f"/judged/{word}/*/*", {"#0": begins_with(start)}, label=("#0", "")),) for _, start in FAMILIES]
        answered = ("passed", "failed") if word == "passed" else ("unknown",) if word == "unknown" else ()
        rows.append(tuple(Items(f"/judged/{each}/*/*", label=("#0", "")) for each in answered))
        for number, items in enumerate(rows):
            yield count(f"/gates/{number}/{word}", f"what this gate looked at, and {_VERBS[word]}", *items)


def _list_classified(word: str) -> tuple[Items, ...]:
    tests: dict[str, Test] = {"passed": is_none_of("UNKNOWN"), "unknown": "UNKNOWN"}
    return (Items("/modules/*", {"category": tests[word]}),) if word in tests else ()


def _list_code(word: str) -> tuple[Items, ...]:
    found = {"passed": True, "failed": False, "unknown": (None,)}[word]
    return (Items("/modules/*", {"declared": "running", "code/has_code": found}),)


def _list_row_numbers() -> Iterator[Number]:
    yield seen("/modules/*/execution/pid", "the main process of the unit", "/modules/{0}")
    yield declared(
        "/modules/*/runtime/port", "its port; of an undeclared unit, where it was seen to listen", "/modules/{0}"
    )
    yield seen("/streams/*/length", "entries of the stream", "/streams/{0}")
    yield seen("/streams/*/newest_age_s", "seconds since its newest entry, when it was asked for", "/streams/{0}")
    yield declared("/streams/*/max_age_s", "seconds that its newest entry may be old", "/streams/{0}")
    for name, what in (
        ("lag", "entries that the group has not received yet"),
        ("pending", "entries that were not acknowledged"),
        ("consumers", "consumers of the group"),
    ):
        yield seen(f"/streams/*/groups/*/{name}", what, "/streams/{0}/groups/{1}", "group", "service")
    yield declared(
        "/streams/*/groups/*/max_lag", "the lag that the group may have", "/streams/{0}/groups/{1}", "group", "service"
    )
    yield declared("/ports/*/port", "a declared port", "/ports/{0}", "unit", "name")
    yield seen(
        "/stray_ports/*/port", "a port where the unit listens and nothing is declared", "/stray_ports/{0}", "unit"
    )


DOCUMENT = Document(
    "registry",
    "qtctl report registry",
    split_keys(
        "generated_at host fleet modules summary categories infrastructure streams keys ports stray_ports "
        "venvs targets timers units gates observations"
    ),
    split_keys("schema_version unreachable judged"),
    (
        SCHEMA,
        *list_summary_numbers("/modules/*", {name: f"/{rows}/*" for name, rows in SECTIONS.items()}),
        *_list_gate_numbers(),
        *list_infrastructure_numbers(),
        *_list_row_numbers(),
    ),
    at="generated_at",
)
