"""Streams and groups of a real Redis, asked and judged: what is wrong is found and proved, what is well is not."""

import subprocess
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.audit.judge import judge, needs
from qtctl.collect.collect import collect
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.desired import Desired, DesiredKey, Membership
from qtctl.model.inquiry import inquiry_of
from qtctl.model.states import KeyType
from qtctl.probes.stores import FACTS
from tests.builders import build_host, build_service
from tests.collect.small import ORIGIN, cli, redis, store

KEY, GROUP = "zz:orders", "team/api"
SECOND = 1_000_000
Wrong = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis(tmp_path_factory.mktemp("redis")) as found:
        yield found


def host(port: int, **changes: Any) -> Desired:
    """One stream, and a service that reads it with a group whose name has a slash."""
    key = DesiredKey("main", KEY, KeyType.STREAM, "", 600 * SECOND, 100, ("pub",), ("api",), ORIGIN)
    member = Membership("main", KEY, GROUP, 2, None, "api", ORIGIN)
    services = (build_service("api", consumes=(member,)), build_service("pub", publishes=(KEY,)))
    return replace(build_host(services=services, stores=(store(port),), keys=(key,)), **changes)


def audit(wanted: Desired) -> tuple[Finding, ...]:
    """What does not hold of Redis."""
    asked = [need for need in needs(wanted) if need.fact in FACTS]
    with LocalHost() as here:
        evidence = collect(here, inquiry_of(wanted, asked), SystemClock())
    checks = judge(wanted, evidence)
    return tuple(each for each in checks if each.id.startswith("QT5") and each.outcome is not Outcome.HOLDS)


def wrong(found: tuple[Finding, ...]) -> Wrong:
    return {(each.id, each.subject, str(each.outcome)) for each in found}


def assert_proved(found: tuple[Finding, ...]) -> None:
    """Each proof is run again, and prints its line; but for clocks, which have gone on."""
    for each in found:
        assert each.proof or each.outcome is Outcome.UNKNOWN
        for proof in each.proof:
            ran = subprocess.run(["sh", "-c", proof.again], capture_output=True, text=True, check=False, timeout=10)
            assert " TIME" in proof.again or proof.line in ran.stdout.splitlines(), (proof, ran.stdout)


SITUATIONS = tomllib.loads((Path(__file__).parent / "redis.toml").read_text())


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, port: int) -> None:
    cli(port, "FLUSHALL")
    script = f"redis-cli -p {port} <<END\n{SITUATIONS[name]['made']}END\n"
    subprocess.run(["sh", "-c", script], check=True, capture_output=True, timeout=10)
    found = audit(host(port))
    assert wrong(found) == {tuple(each) for each in SITUATIONS[name]["wrong"]}
    assert_proved(found)


def test_a_missing_group_is_told_with_those_that_are_there(port: int) -> None:
    cli(port, "FLUSHALL")
    cli(port, "XADD", KEY, "*", "a", "b")
    for number in range(12):
        cli(port, "XGROUP", "CREATE", KEY, f"g{number:02}", "0")
    (found,) = audit(host(port))
    assert found.observed == {"group": None, "groups": [f"g{number:02}" for number in range(10)], "more": 2}


def test_a_stream_is_as_old_as_redis_says(port: int) -> None:
    """The auditor's clock does not count: here it is that of Redis, and the stream is eleven minutes old."""
    cli(port, "FLUSHALL")
    cli(port, "XADD", KEY, f"{int(time.time() * 1000) - 660_000}-0", "a", "b")
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "$")
    (found,) = audit(host(port))
    assert found.id == "QT503"
    assert isinstance(found.observed, dict)
    age = found.observed["age_s"]
    assert isinstance(age, int)
    assert 660 <= age < 670
