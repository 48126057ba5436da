"""Collecting from this machine: a real shell and a real Redis; whether there is a bus depends on the machine."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.collect.collect import ALWAYS, collect, refuse_all
from qtctl.collect.document import dump, load
from qtctl.errors import HostError, Unreachable
from qtctl.interfaces.host import Running
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Need
from qtctl.model.inquiry import build_inquiry
from qtctl.model.secret import Secret
from qtctl.probes import baseline
from qtctl.remote.request import Request
from tests.collect.small import OF_STORE, cli, desired, fill, free_port, item, redis, states

CLOCK = SystemClock()
NO_REDIS = """import socket, time
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.sendall(b'HTTP/1.1 400 Bad Request')
time.sleep(30)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis(tmp_path_factory.mktemp("redis")) as found:
        fill(found)
        yield found


def look(wanted: Desired, *needs: Need, passwords: Mapping[str, Secret] | None = None, **options: object) -> Evidence:
    with LocalHost() as host:
        return collect(host, build_inquiry(wanted, needs, passwords=passwords), CLOCK, **options)  # type: ignore[arg-type]


def test_a_family_of_which_nothing_is_needed_asks_nothing(port: int) -> None:
    commands = [ask.argv[0] for ask in look(desired(port)).asks if ask.via == "exec"]
    as_root = "true"
    assert commands == ["true", *(command.argv[0] for command in baseline.probe().commands), as_root]


def test_everything_of_a_store(port: int) -> None:
    evidence = look(desired(port), *OF_STORE)
    found = {
        key: state for key, state in states(evidence).items() if key[0] in ("store", "key", "stream", "stream.group")
    }
    assert found == {
        ("store", "main"): "observed",
        ("key", "stream"): "observed",
        ("key", "hash"): "observed",
        ("key", "none"): "absent",
        ("stream", "stream"): "observed",
        ("stream", "hash"): "absent",
        ("stream", "none"): "absent",
        ("stream.group", "stream/ai"): "observed",
        ("stream.group", "stream/nobody"): "absent",
        ("stream.group", "none/ai"): "absent",
    }
    assert item(evidence, "stream", "hash").reason == "the key is not a stream"
    group = item(evidence, "stream.group", "stream/ai").value
    assert group is not None
    assert (group["lag"], group["pending"], group["consumers"]) == (1, 0, 0)
    assert "canary" not in dump(evidence)


def test_every_proof_of_a_store_prints_its_line(port: int) -> None:
    evidence = look(desired(port), *OF_STORE)
    proven = [each for each in evidence.items if each.store == "main" or each.fact == "store"]
    for each in proven:
        done = subprocess.run(["sh", "-c", each.again], capture_output=True, text=True, check=False)
        assert each.line in done.stdout + done.stderr, each
        assert "canary" not in each.line


def test_lag_that_redis_does_not_know_is_none(port: int) -> None:
    for number in range(1, 4):
        cli(port, "XADD", "holes", f"{number}-0", "a", "b")
    cli(port, "XGROUP", "CREATE", "holes", "g", "1-0")
    cli(port, "XDEL", "holes", "2-0")
    evidence = look(desired(port), Need("stream.group", "holes/g", "main"))
    value = item(evidence, "stream.group", "holes/g").value
    assert value is not None
    assert value["lag"] is None


def test_a_store_that_wants_a_password(tmp_path: Path) -> None:
    with redis(tmp_path, "--requirepass", "canary-password") as port:
        needs = (Need("store", "main"), Need("key", "k", "main"), Need("stream.group", "k/g", "main"))
        without = look(desired(port), *needs)
        wrong = look(desired(port), *needs, passwords={"main": Secret("canary-wrong")})
        right = look(desired(port), *needs, passwords={"main": Secret("canary-password")})
    for evidence in (without, wrong):
        assert {str(item(evidence, need.fact, need.subject).state) for need in needs} == {"refused"}
    assert "NOAUTH" in (item(without, "key", "k").reason or "")
    assert "WRONGPASS" in (item(wrong, "key", "k").reason or "")
    assert [str(item(right, need.fact, need.subject).state) for need in needs] == ["observed", "absent", "absent"]
    assert "canary" not in "".join(map(dump, (without, wrong, right)))


def test_what_an_acl_denies_is_refused(tmp_path: Path) -> None:
    with redis(tmp_path) as port:
        fill(port)
        cli(port, "ACL", "SETUSER", "default", "-xinfo")
        evidence = look(desired(port), *OF_STORE)
    assert states(evidence)["key", "stream"] == "observed"
    assert states(evidence)["stream", "none"] == "refused"
    assert "NOPERM" in (item(evidence, "stream", "stream").reason or "")


def test_a_port_where_nobody_listens_is_an_absent_server_and_refused_keys() -> None:
    evidence = look(desired(free_port()), *OF_STORE)
    assert states(evidence)["store", "main"] == "absent"
    assert {state for (fact, _), state in states(evidence).items() if fact in ("key", "stream")} == {"refused"}
    assert states(evidence)["listeners", "tcp"] == "observed"


def test_a_listener_that_is_no_redis_is_refused() -> None:
    argv = ["python3", "-c", NO_REDIS]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        evidence = look(desired(int(process.stdout.readline())), *OF_STORE, deadline_s=3)
        process.kill()
    assert states(evidence)["store", "main"] == "refused"


def test_a_store_that_nobody_declared_is_not_asked(port: int) -> None:
    evidence = look(desired(port), Need("key", "k", "other"))
    assert states(evidence)["key", "k"] == "not-asked"


def test_files_sockets_and_interpreters_in_one_batch(port: int, tmp_path: Path) -> None:
    needs = [Need("listeners", "tcp"), Need("listeners", "udp"), Need("file", "/etc/passwd"), Need("file", "/nope"),
             Need("venv", str(tmp_path / "none"))]  # fmt: skip
    evidence = look(desired(port), *needs)
    found = states(evidence)
    assert found["file", "/etc/passwd"] == "observed"
    assert found["file", "/nope"] == "absent"
    assert found["host", "host"] == "observed"
    assert found["reach", "exec"] == found["reach", "ssh"] == "observed"
    rows = (item(evidence, "listeners", "tcp").value or {})["rows"]
    assert isinstance(rows, list)
    assert str(port) in [row[1] for row in rows if isinstance(row, list)]


@pytest.mark.skipif(Path("/run/dbus/system_bus_socket").exists(), reason="this machine has a bus")
def test_without_a_bus_units_are_refused_and_the_rest_goes_on(port: int) -> None:
    needs = [
        Need("unit", "a.service"),
        Need("unit", "a@.service"),
        Need("unit.listing", "*"),
        Need("key", "hash", "main"),
    ]
    evidence = look(desired(port), *needs)
    found = states(evidence)
    assert found["unit", "a.service"] == found["unit.listing", "*"] == found["reach", "bus"] == "refused"
    assert found["key", "hash"] == found["host", "host"] == "observed"


def test_asks_are_numbered_and_items_sorted(port: int) -> None:
    evidence = look(desired(port), *OF_STORE, Need("file", "/etc/passwd"))
    assert [ask.n for ask in evidence.asks] == list(range(1, len(evidence.asks) + 1))
    keys = [(each.fact, each.subject) for each in evidence.items]
    assert keys == sorted(keys)
    assert all(each.ask for each in evidence.items if each.state.known and each.fact != "reach")
    assert all(ask.at.endswith("Z") and len(ask.at) == len("2026-01-17T07:25:01.318Z") for ask in evidence.asks)
    assert load(dump(evidence), "saved.json") == evidence


def test_an_unknown_kind_of_need_is_a_mistake_of_ours(port: int) -> None:
    with pytest.raises(ValueError, match="no probe"):
        look(desired(port), Need("weather", "here"))


class NoCommands(LocalHost):
    """A host whose account may not run commands."""

    def start(self, *_: object, **__: object) -> Running:  # type: ignore[override]
        raise HostError("it runs no command")


class Nologin(LocalHost):
    """A host whose account has no shell, as /usr/sbin/nologin answers."""

    def start(self, *_: object, attached: bool = False, **__: object) -> Running:  # type: ignore[override]
        return super().start("echo This account is currently not available.; exit 1", attached=attached)


class CutOff(LocalHost):
    """A host whose shell dies in the middle of the batch."""

    def start(  # type: ignore[override]
        self, script: str | Request, *, root: bool = False, attached: bool = False
    ) -> Running:
        script = script if isinstance(script, str) else script.script
        return super().start(script.replace("qtctl_frame 1\n", "kill -9 $$\n"), root=root, attached=attached)


@pytest.mark.parametrize(
    ("host", "state", "reach"),
    [(NoCommands, "refused", "refused"), (Nologin, "refused", "refused"), (CutOff, "unparseable", "observed")],
)
def test_a_batch_that_fails_costs_its_own_facts(host: type[LocalHost], state: str, reach: str, port: int) -> None:
    needs = [Need("file", "/nope"), Need("venv", "/nope"), Need("listeners", "udp"), Need("key", "hash", "main")]
    with host() as connection:
        evidence = collect(connection, build_inquiry(desired(port), needs), CLOCK)
    found = states(evidence)
    assert {found[each.fact, each.subject] for each in needs[:2]} == {state}
    assert found["reach", "exec"] == reach
    assert found["key", "hash"] == "observed"


class Slow(LocalHost):
    def start(  # type: ignore[override]
        self, script: str | Request, *, root: bool = False, attached: bool = False
    ) -> Running:
        script = script if isinstance(script, str) else script.script
        return super().start("sleep 30\n" + script, root=root, attached=attached)


def test_the_deadline_refuses_what_is_not_answered_by_then(port: int) -> None:
    begin = CLOCK.monotonic()
    with Slow() as host:
        needs = [Need("file", "/nope"), Need("key", "hash", "main")]
        evidence = collect(host, build_inquiry(desired(port), needs), CLOCK, deadline_s=0.5)
    assert CLOCK.monotonic() - begin < 5
    assert states(evidence)["file", "/nope"] == "refused"
    assert states(evidence)["key", "hash"] == "observed"


class Broken(LocalHost):
    def store(self, *args: object, **options: object) -> NoReturn:  # noqa: ARG002
        raise KeyError("a mistake of ours")


def test_mistakes_of_ours_are_not_swallowed(port: int) -> None:
    with Broken() as host, pytest.raises(KeyError, match="mistake"):
        collect(host, build_inquiry(desired(port), [Need("key", "hash", "main")]), CLOCK)


def test_unreachable() -> None:
    error = Unreachable("lab1: connection refused", hint="is sshd up?")
    inquiry = build_inquiry(desired(), [Need("unit", "a.service"), Need("file", "/x")])
    evidence = refuse_all(inquiry, error, CLOCK, "203.0.113.7")
    assert {each.need for each in evidence.items} == ALWAYS | {Need("unit", "a.service"), Need("file", "/x")}
    assert {str(each.state) for each in evidence.items} == {"refused"}
    assert {each.reason for each in evidence.items} == {str(error)}
    assert (evidence.host, evidence.address) == ("prod-1", "203.0.113.7")
    assert load(dump(evidence), "saved.json") == evidence


@pytest.mark.skipif(os.geteuid() != 0, reason="root is what is asked for")
def test_as_root(port: int) -> None:
    evidence = look(desired(port), Need("file", "/root"), root=True)
    assert states(evidence)["file", "/root"] == "observed"
