"""Errors and findings in one run: what can be judged beside an error is judged, and none follows from an error."""

from collections.abc import Iterator

import pytest

from qtctl.flows.lint import examine
from tests.lint.case import API, FEED, TEMPLATES, Case, after, env
from tests.registry.mutations import Mutation, of_references, of_shipped

SECRET = "env.DB_PASSWORD is a secret by its name, written as a literal"
CASES: tuple[tuple[str, dict[str, tuple[str, str]], list[str], list[tuple[str, str, str]]], ...] = (
    (
        "a mistyped key in the same file",
        {FEED: ('target = "core"', 'targt = "core"'), API: env(DB_PASSWORD="hunter2")},
        ["services/feed.toml:3: unknown key targt"],
        [("QT109", "services/api.toml:12", SECRET)],
    ),
    (
        "a mistyped key beside a finding",
        {FEED: ('target = "core"\n\n[run]', 'targt = "core"\n\n[env]\nDB_PASSWORD = "hunter2"\n\n[run]')},
        ["services/feed.toml:3: unknown key targt"],
        [("QT109", "services/feed.toml:6", SECRET)],
    ),
    (
        "a name that leads nowhere beside a finding",
        {API: ('after = ["feed"]', 'after = ["fed"]\n[limits]\nmemory_high = "1G"')},
        ["services/api.toml:16: QT102 fed is not declared"],
        [("QT114", "services/api.toml:18", "has a memory_high above its memory_max")],
    ),
    (
        "TOML that cannot be read beside a finding",
        {FEED: ('"Feed"', '"Feed'), API: env(DB_PASSWORD="hunter2")},
        ["services/feed.toml:1: not TOML"],
        [("QT109", "services/api.toml:12", SECRET)],
    ),
    (
        "a mistake in the defaults",
        {"fleet.toml": ("memory_max", "memmory_max"), API: env(DB_PASSWORD="hunter2")},
        ["fleet.toml:12: unknown key defaults.limits.memmory_max"],
        [("QT109", "services/api.toml:12", SECRET)],
    ),
    (
        "a mistyped cap is no missing cap",
        {
            FEED: ('target = "core"', 'target = "core"\nlimits.memory_max = "lots"'),
            "fleet.toml": ('"256M"', '"infinity"'),
        },
        ['services/feed.toml:4: limits.memory_max is "lots"'],
        [("QT114", "fleet.toml:12", "has no memory cap")],
    ),
    (
        "a cap that cannot be read beside a soft limit",
        {FEED: ('target = "core"', 'target = "core"\nlimits.memory_high = "900M"\nlimits.memmory_max = "1G"')},
        ["services/feed.toml:5: unknown key limits.memmory_max"],
        [],
    ),
    (
        "two that claim one port",
        {
            FEED: after(
                'writes = ["s:mode"]\n', '[ports.x]\nlisten = "127.0.0.1:8000"', '[env]\nDB_PASSWORD = "hunter2"'
            )
        },
        ["services/feed.toml:14: QT101 127.0.0.1:8000 is claimed by api too"],
        [("QT109", "services/feed.toml:16", SECRET)],
    ),
)


@pytest.mark.parametrize(("name", "edits", "errors", "findings"), CASES, ids=[each[0] for each in CASES])
def test_errors_and_findings_come_in_one_run(
    name: str, edits: dict[str, tuple[str, str]], errors: list[str], findings: list[tuple[str, str, str]]
) -> None:
    linted = examine(Case(name, edits=edits).texts, TEMPLATES)
    assert linted.registry is None
    assert [str(each)[: len(said)] for each, said in zip(linted.errors, errors, strict=True)] == errors
    found = [(each.id, str(each.place), each.what) for each in linted.findings]
    assert [each[:2] for each in found] == [each[:2] for each in findings], found
    for (_, _, what), (_, _, wanted) in zip(found, findings, strict=True):
        assert wanted in what


def mutated() -> Iterator[Mutation]:
    yield from of_shipped(every=400)
    yield from of_references(every=60)


def test_no_finding_follows_from_an_error() -> None:
    """The shipped registry has no finding, whatever is mistyped in it."""
    wrong, count = [], 0
    for mutation in mutated():
        linted = examine(mutation.files, TEMPLATES)
        count += 1
        wrong += [f"{mutation.what}: {each.id} {each.subject} {each.what}" for each in linted.findings]
        assert linted.errors
    assert count >= 10
    assert wrong == []


MEANT = (
    (FEED, 'target = "core"', 'after = ["api"]', "services/feed.toml:3: unknown key after (did you mean order.after?)"),
    (
        API,
        'listen = "127.0.0.1:8000"',
        "port = 8000",
        "services/api.toml:12: unknown key ports.http.port (did you mean ports.http.listen?)",
    ),
    (
        "fleet.toml",
        'env_dir = "/etc/small"',
        'env_dir = "etc/small"',
        'fleet.toml:4: env_dir is "etc/small", should be an absolute path, such as "/srv/app"',
    ),
    (
        "service/x.toml",
        "",
        "",
        "service/x.toml: not a file of a registry (did you mean services/x.toml?)",
    ),
    (
        "hosts.toml",
        "cpus = 2",
        'cpus = 2\nguessed = ["memmory"]',
        (
            'hosts.toml:7: box.guessed[0] is "memmory", should be "address", "audit_user", "deploy_user", "memory", '
            '"cpus", "os", "systemd" or "timezone" (did you mean "memory"?)'
        ),
    ),
)


@pytest.mark.parametrize(("path", "old", "new", "says"), MEANT, ids=[each[3][:40] for each in MEANT])
def test_a_mistake_is_one_error_that_says_what_was_meant(path: str, old: str, new: str, says: str) -> None:
    case = Case(path, edits={path: (old, new)}) if old else Case(path, files={path: new})
    linted = examine(case.texts, TEMPLATES)
    assert [str(each) for each in linted.errors] == [says]
    assert linted.findings == ()
