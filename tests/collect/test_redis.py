"""Streams and groups of a real Redis, asked and judged: what is wrong is found and proved, and nothing else."""

import os
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.audit.judge import judge, list_needs
from qtctl.collect.collect import collect
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.desired import Desired, DesiredKey, Membership
from qtctl.model.evidence import Evidence, Need
from qtctl.model.inquiry import build_inquiry
from qtctl.model.secret import Secret
from qtctl.model.states import KeyType
from qtctl.probes.stores import FACTS
from tests.builders.desired import build_host, build_service
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
    member = Membership("main", KEY, GROUP, 2, None, "api", ORIGIN, 3600 * SECOND)
    services = (build_service("api", consumes=(member,)), build_service("pub", publishes=(KEY,)))
    return replace(build_host(services=services, stores=(store(port),), keys=(key,)), **changes)


def look(wanted: Desired, passwords: Mapping[str, Secret] | None = None, more: Iterable[Need] = ()) -> Evidence:
    asked = [*(need for need in list_needs(wanted) if need.fact in FACTS), *more]
    with LocalHost() as here:
        return collect(here, build_inquiry(wanted, asked, passwords=passwords), SystemClock())


def audit(
    wanted: Desired,
    passwords: Mapping[str, Secret] | None = None,
    earlier: Evidence | None = None,
    more: Iterable[Need] = (),
) -> tuple[Finding, ...]:
    """The checks of Redis that do not hold."""
    checks = judge(wanted, look(wanted, passwords, more), earlier)
    return tuple(each for each in checks if each.id.startswith("QT5") and each.outcome is not Outcome.HOLDS)


def wrong(found: tuple[Finding, ...]) -> Wrong:
    return {(each.id, each.subject, str(each.outcome)) for each in found}


def assert_proved(found: tuple[Finding, ...]) -> None:
    """Each proof is run again, and prints its line, except for clocks, which have moved on."""
    for each in found:
        assert each.proof or each.outcome is Outcome.UNKNOWN
        for proof in each.proof:
            ran = subprocess.run(["sh", "-c", proof.again], capture_output=True, text=True, check=False, timeout=10)
            assert " TIME" in proof.again or proof.line in ran.stdout.splitlines(), (proof, ran.stdout)


SITUATIONS = tomllib.loads((Path(__file__).parent / "redis.toml").read_text())


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation(name: str, port: int) -> None:
    cli(port, "FLUSHALL")
    parts = SITUATIONS[name]["made"].split("\n\n")
    script = f"PORT={port}\n" + "".join(f"redis-cli -p {port} <<END\n{made.rstrip()}\nEND\n" for made in parts)
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
    """The clock of Redis counts, not the auditor's: the stream is eleven minutes old."""
    cli(port, "FLUSHALL")
    cli(port, "XADD", KEY, f"{int(time.time() * 1000) - 660_000}-0", "a", "b")
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "$")
    (found,) = audit(host(port))
    assert found.id == "QT503"
    assert isinstance(found.observed, dict)
    age = found.observed["age_s"]
    assert isinstance(age, int)
    assert 660 <= age < 670


@pytest.fixture
def own(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "data").mkdir()
    with redis(tmp_path / "data") as found:
        cli(found, "XADD", KEY, "*", "a", "b")
        cli(found, "XGROUP", "CREATE", KEY, GROUP, "$")
        yield found


def test_a_replica_refuses_writes(own: int) -> None:
    cli(own, "REPLICAOF", "127.0.0.1", "1")
    found = audit(host(own))
    assert wrong(found) == {("QT512", "main", "broken")}
    assert_proved(found)
    assert audit(replace(host(own), keys=tuple(replace(key, publishers=()) for key in host(own).keys))) == ()


def test_memory_that_is_full(own: int) -> None:
    cli(own, "CONFIG", "SET", "maxmemory", "1")
    found = audit(host(own))
    assert wrong(found) == {("QT512", "main", "broken")}
    assert_proved(found)


def test_snapshots_that_fail(own: int, tmp_path: Path) -> None:
    cli(own, "CONFIG", "SET", "save", "3600 1")
    (tmp_path / "data").rmdir()
    cli(own, "BGSAVE")
    wait_until(lambda: "rdb_last_bgsave_status:err" in cli(own, "INFO", "persistence"))
    assert wrong(audit(host(own))) == {("QT512", "main", "unknown"), ("QT513", "main", "broken")}
    assert "MISCONF" in cli(own, "SET", "k", "v")
    found = audit(host(own))
    assert wrong(found) == {("QT512", "main", "broken"), ("QT513", "main", "broken")}
    assert_proved(found)
    cli(own, "CONFIG", "SET", "save", "")  # else it does not end


def test_persistence_as_declared(own: int) -> None:
    plain = host(own)
    wanted = replace(plain, stores=(replace(plain.stores[0], appendonly=True, saved_within_us=3600 * SECOND),))
    found = audit(wanted)
    assert wrong(found) == {("QT513", "main", "broken")}
    assert_proved(found)
    cli(own, "CONFIG", "SET", "appendonly", "yes")
    assert audit(wanted) == ()
    time.sleep(1.1)
    aged = replace(plain, stores=(replace(plain.stores[0], saved_within_us=1),))
    assert wrong(audit(aged)) == {("QT513", "main", "broken")}


def test_a_user_and_a_database(own: int) -> None:
    rules = ("on", ">pass-word", "~*", "-@all", "+info", "+time", "+ttl", "+type", "+xinfo", "+xpending", "+select")
    cli(own, "ACL", "SETUSER", "looker", *rules)
    cli(own, "MOVE", KEY, "3")
    plain = host(own)
    assert ("QT501", KEY, "broken") in wrong(audit(plain))
    there = replace(plain, stores=(replace(plain.stores[0], user="looker", db=3, password_env="LOOKER"),))
    assert audit(there, {"main": Secret("pass-word")}) == ()
    none = replace(plain, stores=(replace(plain.stores[0], db=99),))
    assert {each.reason for each in audit(none) if each.id == "QT501"} == {"database 99: ERR DB index is out of range"}


def test_a_unix_socket(tmp_path: Path) -> None:
    """Asked, proved and, where nobody listens any more, found there as on a port."""
    path = str(tmp_path / "redis.sock")
    asked = [Need("listeners", "tcp"), Need("unix.socket", path)]
    with redis(tmp_path, "--unixsocket", path) as port:
        plain = host(port)
        there = replace(plain, stores=(replace(plain.stores[0], address=path, port=0),))
        cli(port, "XADD", KEY, "*", "a", "b")
        found = audit(there)
        assert wrong(found) == {("QT504", f"{KEY}/{GROUP}", "broken")}
        assert f"redis-cli -s {path} " in found[0].proof[0].again
        assert_proved(found)
    gone = audit(there, more=asked)
    root = next(each for each in gone if each.outcome is Outcome.BROKEN)
    assert (root.id, root.observed) == ("QT509", {"answers": False})
    assert {each.cause for each in gone if each is not root} == {root.fingerprint}
    assert_proved((root,))


def test_a_server_that_loads_its_data(tmp_path: Path) -> None:
    with redis(tmp_path) as first:
        cli(first, "EVAL", "for i=1,300 do redis.call('SET', 'k'..i, string.rep('v', 100)) end", "0")
        cli(first, "SAVE")
    slow = ("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    with redis(tmp_path, *slow) as loading:
        found = audit(host(loading))
    root = next(each for each in found if each.id == "QT509")
    assert root.observed == {"answers": "LOADING"}
    assert {each.cause for each in found if each is not root} == {root.fingerprint}
    assert {each.remedy for each in found} == {root.remedy}


def test_nobody_reads(port: int) -> None:
    """An entry has waited for more than a minute: with a reader it would only be late."""
    cli(port, "FLUSHALL")
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "$", "MKSTREAM")
    cli(port, "XADD", KEY, f"{int(time.time() * 1000) - 70_000}-0", "a", "b")
    found = audit(host(port))
    assert wrong(found) == {("QT506", f"{KEY}/{GROUP}", "broken")}
    assert_proved(found)
    cli(port, "XGROUP", "CREATECONSUMER", KEY, GROUP, "me")
    assert audit(host(port)) == ()
    cli(port, "XREADGROUP", "GROUP", GROUP, "me", "STREAMS", KEY, ">")
    cli(port, "XGROUP", "DELCONSUMER", KEY, GROUP, "me")
    assert audit(host(port)) == ()


def test_a_group_that_is_set_back_or_made_anew(port: int) -> None:
    """Only a comparison with an earlier look shows it: each state alone is as declared."""
    cli(port, "FLUSHALL")
    for _ in range(3):
        cli(port, "XADD", KEY, "*", "a", "b")
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "0")
    cli(port, "XREADGROUP", "GROUP", GROUP, "me", "NOACK", "STREAMS", KEY, ">")
    wanted = replace(host(port), keys=(replace(host(port).keys[0], max_length=None),))
    before = look(wanted)
    time.sleep(0.01)
    assert wrong(audit(wanted, earlier=before)) == set()
    cli(port, "XGROUP", "SETID", KEY, GROUP, "0")
    found = audit(wanted, earlier=before)
    assert {(each.id, each.title) for each in found if each.id != "QT505"} == {("QT511", "consumer group was set back")}
    assert_proved(found)
    cli(port, "XGROUP", "DESTROY", KEY, GROUP)
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "$")
    found = audit(wanted, earlier=before)
    assert [(each.id, each.title) for each in found] == [("QT511", "consumer group was recreated")]
    assert_proved(found)
    assert audit(wanted, earlier=look(wanted)) == ()


def scanned(port: int, *patterns: str, **changes: Any) -> Desired:
    plain = host(port)
    one = replace(plain.stores[0], key_patterns=patterns, group_patterns=("team*",), **changes)
    return replace(plain, stores=(one,))


def test_keys_and_groups_that_nothing_declares(port: int) -> None:
    """Keys of others are ignored; a declared key, a retired one and a misspelt one are told apart."""
    cli(port, "FLUSHALL")
    for key in (KEY, "zz:order", "zz:old", "other:thing"):
        cli(port, "XADD", key, "*", "a", "b")
    for group in (GROUP, "team/apo", "somebody"):
        cli(port, "XGROUP", "CREATE", KEY, group, "$")
    found = audit(scanned(port, "zz:*", retired_keys=("zz:old",)))
    titles = {each.subject: each.title for each in found}
    assert titles == {
        "zz:order": "key or consumer group that is not declared",
        "zz:old": "retired key that is still there",
        f"{KEY}/team/apo": "key or consumer group that is not declared",
    }
    assert_proved(found)
    assert audit(host(port)) == ()


def test_more_keys_than_one_scan_finds(port: int) -> None:
    """SCAN goes on to its end, and what many keys have in common is reported once."""
    cli(port, "FLUSHALL")
    cli(port, "XADD", KEY, "*", "a", "b")
    cli(port, "XGROUP", "CREATE", KEY, GROUP, "$")
    cli(port, "EVAL", "for i=1,30000 do redis.call('SET', 'x:'..i, 1) end", "0")
    assert audit(scanned(port, "zz:*", "[ab]*")) == ()
    cli(port, "EVAL", "for i=1,3000 do redis.call('SET', 'zz:'..i, 1) end", "0")
    found = audit(scanned(port, "zz:*"))
    assert len(found) == 51
    assert next(each.observed for each in found if each.subject == "main")["further"] == 1950  # type: ignore[index, call-overload]
    assert_proved(found[:2])


def test_scan_that_is_not_allowed(own: int) -> None:
    cli(
        own,
        "ACL",
        "SETUSER",
        "looker",
        "on",
        "nopass",
        "~*",
        "-@all",
        "+info",
        "+time",
        "+ttl",
        "+type",
        "+xinfo",
        "+xpending",
    )
    found = audit(scanned(own, "zz:*", user="looker", password_env="X"), {"main": Secret("x")})
    assert wrong(found) == {("QT507", "main", "unknown")}
    assert {each.remedy for each in found} == {"let the auditing account run SCAN on Redis, then audit again"}


LARGE = pytest.mark.skipif("QTCTL_LARGE" not in os.environ, reason="takes 10 s: set QTCTL_LARGE=1")


@pytest.mark.parametrize(("streams", "groups"), [(2_500, 500), pytest.param(10_000, 2_000, marks=LARGE)])
def test_thousands_of_streams_and_groups(streams: int, groups: int, port: int) -> None:
    """Asked in one look, within its deadline: no stream is left out, and one that is wrong is found among them."""
    cli(port, "FLUSHALL")
    add = "for i=1,tonumber(ARGV[1]) do redis.call('XADD', 's:'..i, '*', 'a', 'b') end "
    create = "for i=1,tonumber(ARGV[2]) do redis.call('XGROUP', 'CREATE', 's:'..i, 'api', '$') end"
    cli(port, "EVAL", add + create, "0", str(streams), str(groups))
    cli(port, "DEL", "s:2499")
    cli(port, "XGROUP", "DESTROY", "s:77", "api")
    names = [f"s:{number}" for number in range(1, streams + 1)]
    one = host(port).keys[0]
    members = tuple(Membership("main", name, "api", 5, None, "api", ORIGIN) for name in names[:groups])
    wanted = host(
        port, keys=tuple(replace(one, name=name) for name in names), services=(build_service("api", consumes=members),)
    )
    wanted = replace(wanted, stores=(replace(wanted.stores[0], key_patterns=("s:*",)),))
    assert wrong(audit(wanted)) == {("QT501", "s:2499", "broken"), ("QT504", "s:77/api", "broken")}


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
