"""What is asked before a deploy, and what of the answers refuses it: values in, refusals out."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredVenv
from qtctl.model.desired_accounts import DesiredFolder
from qtctl.model.desired_unit import Listener
from qtctl.model.evidence import Item, State
from qtctl.model.fact import Fact, make_value
from qtctl.model.facts import Facts, HostBaseline, Listeners
from qtctl.model.host_facts import FileSystem
from qtctl.model.plan import Plan, Refusal, Step, StepKind
from qtctl.model.preflight_facts import EnvKeys, Jobs, Writable
from qtctl.model.way_facts import PathWay, UserIds
from qtctl.plan.preflight import find_obstacles, list_needs
from tests.builders.planned import ORIGIN, desired, service, target

A = "quantum-a.service"
START = Step(StepKind.START, A, "inactive")
WRITE = Step(StepKind.WRITE, "/etc/quantum/a.env", "not on the host", "absent", file=desired(service("a")).files[1])
BIN = {"/": ["folder", "0", "0", "0755", ""], "/usr": ["folder", "0", "0", "0755", ""],
       "/usr/bin": ["folder", "0", "0", "0755", ""], "/usr/bin/sleep": ["file", "0", "0", "0755", ""]}  # fmt: skip
GOOD: dict[tuple[str, str], Fact | None] = {
    ("jobs", "*"): Jobs("running", {}),
    ("user", "qt"): UserIds(1000, 1000, [1000], []),
    ("way", "/usr/bin/sleep"): PathWay(BIN),
    ("way", "/"): PathWay({"/": ["folder", "0", "0", "0755", ""]}),
    ("writable", WRITE.subject): Writable(WRITE.subject, writable=True, mounted=False),
    ("filesystem", "/etc/quantum"): FileSystem("/", "a", 0, 10**9, 1000, 900),
    ("filesystem", "/var/lib/qtctl"): FileSystem("/", "a", 0, 10**9, 1000, 900),
    ("filesystem", "/tmp"): FileSystem("/", "a", 0, 10**9, 1000, 900),
}


def check(wanted: Desired, *steps: Step, **changes: Fact | None) -> tuple[Refusal, ...]:
    """`changes`: `fact__subject` is not possible for paths, so facts by their kind: each replaces all of that kind."""
    plan = Plan("h1", steps or (START,))
    return find_obstacles(wanted, plan, Facts(_items(wanted, plan, changes)))


def _items(wanted: Desired, plan: Plan, changes: dict[str, Fact | None]) -> Iterable[Item]:
    for need in list_needs(wanted, plan):
        key = need.fact.replace(".", "_")
        value = changes[key] if key in changes else GOOD.get((need.fact, need.subject))
        state = State.ABSENT if value is None else State.OBSERVED
        yield Item(need.fact, need.subject, state, None if value is None else make_value(value), None, 1)
    if "host" in changes and (host := changes["host"]) is not None:
        yield Item("host", "host", State.OBSERVED, make_value(host), None, 1)


SIMPLE = desired(service("a"), target())


def test_nothing_is_asked_for_a_plan_without_steps_and_nothing_of_what_is_not_started() -> None:
    assert list_needs(SIMPLE, Plan("h1", ())) == ()
    stop = Step(StepKind.STOP, A, "active, declared stopped")
    assert {need.fact for need in list_needs(SIMPLE, Plan("h1", (stop,)))} == {"jobs"}


def test_a_host_where_all_is_well() -> None:
    assert check(SIMPLE, START, WRITE) == ()


@pytest.mark.parametrize("available", [0, 100_000])
def test_a_full_file_system_is_named_with_what_is_needed(available: int) -> None:
    found = check(SIMPLE, WRITE, filesystem=FileSystem("/etc", "a", 0, available, 1000, 900))
    assert [(each.subject, "MiB are free" in each.reason) for each in found] == [("/etc", True)]


def test_a_file_system_without_inodes() -> None:
    found = check(SIMPLE, WRITE, filesystem=FileSystem("/etc", "a", 0, 10**9, 1000, 3))
    assert [each.reason for each in found] == ["3 inodes are free, and the deploy needs 19"]
    assert check(SIMPLE, WRITE, filesystem=FileSystem("/etc", "a", 0, 10**9, 0, 0)) == ()


def test_what_root_cannot_write() -> None:
    found = check(SIMPLE, WRITE, writable=Writable("/etc/quantum", writable=False, mounted=False))
    assert "root cannot write /etc/quantum" in found[0].reason
    found = check(SIMPLE, WRITE, writable=Writable(WRITE.subject, writable=True, mounted=True))
    assert "something is mounted on it" in found[0].reason


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        (Jobs("stopping", {}), "the host is shutting down"),
        (Jobs("running", {A: ["stop", "running"]}), "someone's stop job for it is running"),
        (Jobs("running", {A: ["start", "running"]}), None),
        (Jobs("degraded", {"other.service": ["stop", "running"]}), None),
    ],
)
def test_jobs(jobs: Jobs, said: str | None) -> None:
    """A start that hangs is what a deploy may be there to fix."""
    assert [each.reason for each in check(SIMPLE, jobs=jobs)] == ([said] if said else [])


def test_a_declared_account_is_made_first() -> None:
    assert [each.reason for each in check(SIMPLE, user=None)] == [
        "there is no user qt: systemd would end with 217/USER"
    ]


def test_a_declared_folder_is_made_first() -> None:
    where = replace(service("a"), working_directory="/srv/a/b")
    folders = tuple(DesiredFolder(path, "0755", "root", "root", "", ORIGIN) for path in ("/srv/a", "/srv/a/b"))
    way = PathWay({"/": BIN["/"], "/srv": BIN["/usr"]}, missing="/srv/a")
    wanted = desired(where, target())
    gone = check(wanted, way=way)
    assert any("/srv/a is not there" in each.reason for each in gone)
    assert not any("working directory" in each.reason for each in check(replace(wanted, folders=folders), way=way))


def test_secrets_are_there_by_name() -> None:
    wanted = desired(replace(service("a"), secrets_file="/etc/s.env", secrets_keys=("A", "B", "C")), target())
    found = check(wanted, env_keys=EnvKeys(["A", "C", "OTHER"], ["C"]), file=None)
    said = [each.reason for each in found if each.subject == "/etc/s.env" and "QT601" not in each.reason]
    assert said == [f"B is not in it, declared for {A}", f"C is empty, declared for {A}"]


def test_docker_proxy_is_named() -> None:
    port = Listener("http", "tcp", "127.0.0.1", 8000, "", 200, 0, ORIGIN)
    wanted = desired(replace(service("a"), ports=(port,)), target())
    row = ["127.0.0.1", "8000", "docker.service", "LISTEN"]
    found = check(wanted, listeners=Listeners([row]))
    assert [each.reason for each in found] == [
        "port 127.0.0.1:8000 is held by docker-proxy (docker.service): a container publishes it"
    ]
    stopped = Step(StepKind.STOP, "quantum-old.service", "it is no longer declared")
    held = Listeners([[*row[:2], "quantum-old.service", "LISTEN"]])
    assert len(check(wanted, START, listeners=held)) == 1
    assert check(wanted, stopped, START, listeners=held) == ()


def test_a_host_with_an_older_systemd_than_declared() -> None:
    text = b"[Service]\nExecStart=/bin/x\nRestartMode=direct\n"
    wanted = desired(service("a"), target(), texts={f"/etc/systemd/system/{A}": text})
    host = HostBaseline("h", "o", "k", 1, [0.0], 1, 1, 1, 1, 1, "systemd 247 (247.3-7)", "t", "b")
    assert any("the host runs systemd 247" in each.reason for each in check(wanted, host=host))
    assert check(wanted, host=replace(host, systemd="systemd 255 (255.4)")) == ()


def test_what_cannot_be_read_is_unknown_and_not_well() -> None:
    plan = Plan("h1", (START,))
    items = [Item(need.fact, need.subject, State.REFUSED, None, "no awk", 1) for need in list_needs(SIMPLE, plan)]
    found = find_obstacles(SIMPLE, plan, Facts(items))
    assert found
    assert all(each.unknown for each in found)


def test_a_venv_without_its_interpreter() -> None:
    made = replace(service("a"), argv=("/v/bin/python", "x.py"), venv="/v")
    wanted = replace(desired(made, target()), venvs=(DesiredVenv("v", "/v", "python3", ("a",), ORIGIN),))
    assert any("QT4" in each.reason for each in check(wanted, venv=None, way=PathWay(BIN)))
    ran = VenvCheck("/v/bin/python", "/usr/bin/python3", 0, "Python 3.11.2", "/usr/bin/python3")
    assert not any("QT401" in each.reason for each in check(wanted, venv=ran, way=PathWay(BIN)))
