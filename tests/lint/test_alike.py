"""Hosts that have the same are looked at once: what lint says is what it would say after looking at each."""

from collections.abc import Mapping

import pytest

from qtctl.flows import lint as flow
from qtctl.meaning.alike_hosts import find_alike
from qtctl.registry.load import load
from qtctl.resolve.alike import adapt
from qtctl.resolve.resolve import resolve
from qtctl.rules.catalogue import list_view_rules
from tests.lint.case import TEMPLATES
from tests.lint.cases import CASES
from tests.registry.test_tags import HOSTS, build


def triple(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """With two more hosts like the first, under names that are before and behind its own."""
    text = files["hosts.toml"].decode()
    more = (("aaa", "192.0.2.7"), ("zzz", "192.0.2.8"))
    hosts = [text.replace("[box", f"[{name}").replace("192.0.2.1", address) for name, address in more]
    return {**files, "hosts.toml": "\n".join((text, *hosts)).encode()}


def list_all(files: Mapping[str, bytes], templates: Mapping[str, str]) -> list[object]:
    return list(flow.lint(files, templates).findings)


def test_every_finding_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a case of every rule: one that says something about a host, and is not marked, would be missed here."""
    first = {row[0]: case for case in reversed(CASES) for row in case.found}
    covered = set()
    for case in {case.name: case for case in first.values()}.values():
        files = triple(case.texts)
        quick = list_all(files, case.templates)
        assert set(find_alike(load(files)).values()) <= {"aaa"}
        with monkeypatch.context() as patched:
            patched.setattr(flow, "find_alike", lambda _: {})
            assert quick == list_all(files, case.templates), case.name
        covered |= {row[0] for row in case.found}
    assert covered >= {rule.id for rule in list_view_rules()}


def test_hosts_that_differ_in_anything_that_matters_are_not_alike() -> None:
    assert find_alike(load(build("[]"))) == {"web-1": "job-1", "web-2": "job-1"}
    # A tag that nothing is placed by makes no difference; one that places something does.
    assert find_alike(load(build('["@web"]'))) == {"web-2": "web-1"}
    assert find_alike(load(build('["web-1"]'))) == {"web-2": "job-1"}
    head, tail = HOSTS.split("[web-2]\n")
    for old, new in (
        ('memory = "4G"', 'memory = "8G"'),
        ("cpus = 2", "cpus = 3"),
        ("cpus = 2", "cpus = 2\nsystemd = 250"),
        ("cpus = 2", 'cpus = 2\ntimezone = "Europe/Oslo"'),
        ("cpus = 2", "cpus = 2\nhosts_file = { aliases = {} }"),
    ):
        text = f"{head}[web-2]\n{tail.replace(old, new, 1)}"
        assert find_alike(load(build("[]", more={"hosts.toml": text}))) == {"web-1": "job-1"}, new


def test_what_is_adapted_is_what_would_be_resolved() -> None:
    registry = load(build('["@web"]'))
    for host, like in find_alike(registry).items():
        assert adapt(resolve(registry, like), registry, host) == resolve(registry, host)


def test_a_thousand_hosts_are_as_quick_as_three() -> None:
    """By what is resolved, not by the clock."""
    hosts = "".join(
        f'[h{n}]\naddress = "10.0.{n // 250}.{n % 250 + 1}"\naudit_user = "a"\ndeploy_user = "d"\nmemory = "4G"\n'
        f'cpus = 2\ntags = ["{("web", "jobs", "eu")[n % 3]}"]\n'
        for n in range(1000)
    )
    registry = load(build('["@web", "@jobs"]', more={"hosts.toml": hosts}))
    assert len(registry.hosts) - len(find_alike(registry)) == 3
    assert not [each for each in flow.list_findings(registry, TEMPLATES) if each.subject.startswith("h1")]
