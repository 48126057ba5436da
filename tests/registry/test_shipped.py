"""The registry that ships: what it must at least hold, and that nothing the documents of the fleet name is left out."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.model.names import Names
from qtctl.model.registry import Registry
from qtctl.registry.load import load

ROOT = Path(__file__).parent.parent.parent
SEEDS = ROOT.parent / "shared" / "seeds"
FEWEST_RUNNING, FEWEST_HTTP = 28, 8
TIMERS, TARGETS = 9, 7
COMPOSE = {"docker-compose.yml": 27, "docker-compose.vps.yml": 29}

KINDS = (".service", ".target", ".timer")
PREFIXES = {"quantum:stream"}
"""What the documents' patterns and prose match beside names of keys."""


@cache
def shipped() -> Registry:
    return load(read_registry(ROOT / "registry"))


def test_at_least_so_much_is_declared() -> None:
    registry = shipped()
    states = Counter(service.state.value for service in registry.services.values())
    health = [port for service in registry.services.values() for port in service.ports.values() if port.health]
    assert states["running"] >= FEWEST_RUNNING
    assert len(health) >= FEWEST_HTTP
    assert sum(timer.state != "retired" for timer in registry.timers.values()) >= TIMERS
    assert sum(target.state != "retired" for target in registry.targets.values()) == TARGETS


def test_services_follow_redis_and_do_not_die_with_it() -> None:
    registry = shipped()
    order = registry.fleet.defaults.order
    assert "redis-server" in order.wants
    assert "redis-server" in order.after
    for service in registry.services.values():
        assert "redis-server" not in {*service.order.requires, *service.order.binds_to, *service.order.part_of}


def test_the_one_host_has_an_address_of_documentation() -> None:
    (host,) = shipped().hosts.items()
    assert host[0] == "quantumtrader-prod-1"
    assert host[1].address.startswith("203.0.113.")


def test_every_service_of_both_compose_files_has_its_own_disposition() -> None:
    assert {record.compose: len(record.services) for record in shipped().legacy} == COMPOSE
    assert all(disposition.why for record in shipped().legacy for disposition in record.services.values())


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents of the fleet are not beside this checkout")
def test_every_unit_that_a_document_names_is_declared() -> None:
    registry = shipped()
    declared = {unit for _, _, unit in Names.of(registry).units}
    named = set(re.findall(r"\b((?:quantum|rl-shadow)-[\w-]*[a-z0-9]\.(?:service|timer|target))\b", _seeds()))
    assert len(named) > TIMERS
    assert sorted(named - declared) == []
    bare = set(re.findall(r"\bquantum-[a-z0-9_-]*[a-z0-9]\b", _seeds()))
    assert len(bare) > FEWEST_RUNNING
    assert [name for name in sorted(bare) if not declared & {f"{name}{kind}" for kind in KINDS}] == []


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents of the fleet are not beside this checkout")
def test_every_key_that_a_document_names_is_declared() -> None:
    named = {name.rstrip(".:") for name in re.findall(r"quantum:[a-z_]+(?:[:.][a-z0-9_]+)*", _seeds())}
    assert sorted(named - set(shipped().keys) - PREFIXES) == []


def _seeds() -> str:
    return "\n".join(path.read_text() for path in sorted(SEEDS.glob("*.md")))
