"""docs/examples: whole registries that people read and copy. They are linted, rendered and counted."""

import re
from collections import Counter
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.declare import declare
from qtctl.flows.lint import lint
from qtctl.meaning.alike_hosts import find_alike
from qtctl.model.desired import Desired
from qtctl.registry.load import load
from tests.docs.pages import ROOT

EXAMPLES = sorted(path for path in (ROOT / "docs/examples").iterdir() if path.is_dir())
WEB = ROOT / "docs/examples/web-fleet"
HOSTS = {"web": 140, "jobs": 48, "cache": 12}
FIRST = {"web": "web-001", "jobs": "jobs-001", "cache": "cache-001"}
"""Tag → its first host. All others of the tag have the same: a test below."""


@pytest.fixture(scope="module")
def by_tag() -> dict[str, Desired]:
    files, templates = read_registry(WEB), load_unit_templates(None)
    return {tag: declare(files, templates, host, None).desired for tag, host in FIRST.items()}


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_lint_finds_nothing(folder: Path) -> None:
    linted = lint(read_registry(folder), load_unit_templates(None))
    assert linted.findings == ()


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_each_file_names_its_schema(folder: Path) -> None:
    for path in folder.rglob("*.toml"):
        first = path.read_text().split("\n", 1)[0]
        schema = path.parent / first.removeprefix("#:schema ")
        assert schema.resolve().is_file(), (path, first)


def test_the_hosts_of_the_web_fleet() -> None:
    registry = load(read_registry(WEB))
    assert Counter(tag for host in registry.hosts.values() for tag in host.tags) == {
        "web": 140,
        "jobs": 48,
        "cache": 12,
    }
    assert len(registry.hosts) == len({host.address for host in registry.hosts.values()}) == 200
    assert all(len(host.tags) == 1 for host in registry.hosts.values())


def test_no_host_of_the_web_fleet_is_named_twice() -> None:
    text = "\n".join(path.read_text() for path in WEB.rglob("*.toml"))
    named = Counter(re.findall(r"\b(?:web|jobs|cache)-\d{3}\b", text))
    assert len(named) == 200
    assert set(named.values()) == {1}


def test_the_hosts_of_a_tag_have_the_same() -> None:
    registry = load(read_registry(WEB))
    alike = find_alike(registry)
    for name, host in registry.hosts.items():
        assert alike.get(name, name) == FIRST[host.tags[0]]


UNITS = {
    "web": {"shop-app@.service", "shop-media@.service", "shop-flags.service", "shop-flags.timer",
            "shop-purge-uploads.service", "shop-purge-uploads.timer", "shop-front.target", "shop-background.target",
            "shop-media.slice"},
    "jobs": {"shop-worker@.service", "shop-media@.service", "shop-queue-gauge.service", "shop-flags.service",
             "shop-flags.timer", "shop-requeue.service", "shop-requeue.timer", "shop-background.target",
             "shop-media.slice"},
    "cache": {"shop-flags.service", "shop-flags.timer", "shop-warm.service", "shop-warm.timer"},
}  # fmt: skip
INSTANCES = {"web": {"app": 8, "media": 1}, "jobs": {"worker": 12, "media": 6}, "cache": {}}
PORTS = {
    "web": {80, 443, 9100, *range(8101, 8109)},
    "jobs": {9100, 9180},
    "cache": {9100, 9150, 11211},
}


@pytest.mark.parametrize("tag", FIRST)
def test_what_a_host_of_the_web_fleet_gets(tag: str, by_tag: dict[str, Desired]) -> None:
    desired = by_tag[tag]
    assert {Path(file.path).name for file in desired.files if file.kind == "unit"} == UNITS[tag]
    names = (unit.unit.partition("@")[0].removeprefix("shop-") for unit in desired.units() if unit.template)
    assert Counter(names) == INSTANCES[tag]
    assert {port.port for unit in desired.units() for port in unit.ports} == PORTS[tag]


def test_the_page_counts_what_is_there() -> None:
    page = (ROOT / "docs/examples/web-fleet.md").read_text()
    for tag, hosts in HOSTS.items():
        row = rf"^\| `{tag}` \| {hosts} \| .* \| {len(UNITS[tag])} \| {len(PORTS[tag])} \|$"
        assert re.search(row, page, re.MULTILINE), tag


def test_values_differ_by_tag(by_tag: dict[str, Desired]) -> None:
    caps = {
        tag: {dict(unit.limits)["MemoryMax"] for unit in desired.services if unit.unit.startswith("shop-media@")}
        for tag, desired in by_tag.items()
    }
    assert caps == {"web": {"384M"}, "jobs": {"640M"}, "cache": set()}
