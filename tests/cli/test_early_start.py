"""An audit that begins before typer is loaded: which command lines begin one, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest

from qtctl.api import control, unit_status
from qtctl.api.control import ControlTask
from qtctl.api.unit_status import StatusTask
from qtctl.cli.early_start import (
    COMMANDS,
    FLAGS,
    FLAGS_OF_UNITS,
    OF_UNITS,
    ROLES,
    UnitsOf,
    begin,
    find_target,
    find_units,
    reuse_reaching,
    reuse_started,
)
from qtctl.cli.main import build_command
from qtctl.errors import InputError
from qtctl.flows import in_worker
from qtctl.flows.asking import Asking
from qtctl.flows.reaching import Reaching
from qtctl.flows.target import Target
from qtctl.flows.units_question import make_question
from qtctl.formats.catalogue import Content, list_offered
from qtctl.model.control import ControlVerb
from qtctl.model.events import Event, Stage, begun
from tests.cli.world import ROOT

LINES = [
    ("audit --host web-1", Target(Path("registry"), "web-1")),
    ("audit --host=web-1 --as prod --user=me", Target(Path("registry"), "web-1", "prod", "me")),
    ("report registry --registry r --host fe80::1", Target(Path("r"), "fe80::1")),
    (
        "audit --templates t --format json --all --debug --host local",
        Target(Path("registry"), "local", templates=Path("t")),
    ),
    ("audit --save evidence.json --host web-1", Target(Path("registry"), "web-1")),
]
LEFT_TO_THE_COMMAND = [
    "",
    "lint --host web-1",
    "audit",
    "audit --host",
    "audit --host=",
    "audit --host -x",
    "audit --host web-1 --host web-2",
    "audit --host web-1,web-2",
    "audit --host web-*",
    "audit --all-hosts",
    "audit --host web-1 --all-hosts",
    "audit --host web-1 --help",
    "audit --host web-1 -h",
    "audit --host web-1 extra",
    "audit --host web-1 --",
    "audit --host web-1 --nonsense",
    "audit --host web-1 --all=yes",
    "audit --host web-1 --from evidence.json",
    "audit --host web-1 --format yaml",
    "audit --host web-1 --out file",
    "audit --host web-1 --save /",
    "audit --host web-1 --save /dev/null/file",
    "audit --host me@web-1",
    "audit --host web-1 --user -oProxyCommand=sh",
    "report registry --host web-1 --all",
    "report --host web-1",
    "deploy --host web-1",
]


@pytest.mark.parametrize(("line", "target"), LINES)
def test_a_command_line_that_is_plainly_right(line: str, target: Target) -> None:
    assert find_target(line.split(), {}) == target


@pytest.mark.parametrize("line", LEFT_TO_THE_COMMAND)
def test_any_other_command_line_is_left_to_the_command(line: str) -> None:
    assert find_target(line.split(), {}) is None


def test_the_registry_is_the_one_of_the_environment() -> None:
    found = find_target(["audit", "--host", "web-1"], {"QTCTL_REGISTRY": "elsewhere"})
    assert found == Target(Path("elsewhere"), "web-1")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_options_are_those_of_the_command(command: tuple[str, ...]) -> None:
    found: Any = build_command()
    for word in command:
        found = found.commands[word]
    options = {name: option for option in found.params for name in option.opts}
    for name in COMMANDS[command]:
        assert not options[name].is_flag
        # Two of them are more than one host, which is left to the command.
        assert not options[name].multiple or name == "--host"
    for name in FLAGS[command] - {"--debug"}:
        assert options[name].is_flag
    # What is checked before a host is asked is left to the command, too.
    part = {"--only", "--subject", "--new-since", "--fail-on"}
    several = {"--all-hosts", "--tag", "--exclude", "--max-hosts", "--at-once", "--deadline", "--engine"}
    assert set(options) - COMMANDS[command] - FLAGS[command] - several - part == {"--from"}


def test_the_formats_are_those_of_the_commands() -> None:
    for name in (*list_offered(Content.JUDGED), "xml"):
        begun = find_target(["audit", "--host", "lab1", "--format", name], {})
        assert (begun is not None) == (name != "xml")


def test_a_host_that_is_being_asked_is_the_one_that_the_command_takes() -> None:
    registry = ROOT / "registry"
    started = begin(["audit", "--host", "local", "--registry", str(registry)])
    events: list[Event] = []
    assert isinstance(started, Asking)
    with reuse_started(started, Target(registry, "local")) as asking:
        assert asking is started
        assert asking.begun
        asking.watch(events.append)
        evidence = asking.await_evidence()
        assert evidence.host == asking.await_declared().desired.host
    assert (evidence.transport, events) == ("local", [begun("local", Stage.COLLECT)])


def test_another_target_is_not_taken() -> None:
    registry = ROOT / "registry"
    started = begin(["audit", "--host", "local", "--registry", str(registry)])
    with reuse_started(started, Target(registry, "local", user="me")) as asking:
        assert not asking.begun


@pytest.mark.parametrize("argv", [["audit", "--help"], ["audit", "--host", "local", "-h"], ["lint"], ["audit"], []])
def test_a_command_line_that_asks_no_host_starts_nothing(argv: list[str]) -> None:
    assert begin([*argv, "--registry", str(ROOT / "registry")]) is None


def test_an_error_that_is_met_early_is_reported_by_the_command(tmp_path: Path) -> None:
    started = begin(["audit", "--host", "local", "--registry", str(tmp_path)])
    with (
        reuse_started(started, Target(tmp_path, "local")) as asking,
        pytest.raises(InputError, match="there is no registry here"),
    ):
        asking.begin()


HERE = Path("registry")
OF_UNITS_LINES = [
    ("status --host web-1", UnitsOf(Target(HERE, "web-1"), "audit", (), ())),
    ("status api --host web-1 core.target", UnitsOf(Target(HERE, "web-1"), "audit", ("api", "core.target"), ())),
    ("status --host=web-1 --category ai --format json", UnitsOf(Target(HERE, "web-1"), "audit", (), ("ai",))),
    ("restart api --host web-1", UnitsOf(Target(HERE, "web-1"), "deploy", ("api",), ())),
    (
        "stop --yes api --as prod --user me --registry r --host web-1 --reason moving --format json",
        UnitsOf(Target(Path("r"), "web-1", "prod", "me"), "deploy", ("api",), ()),
    ),
    ("reset-failed -y --category ai --host local", UnitsOf(Target(HERE, "local"), "deploy", (), ("ai",))),
]
OF_UNITS_LEFT = [
    "",
    "status",
    "status api",
    "status --host web-1,web-2",
    "status --host web-* api",
    "status --host web-1 --lines 3",
    "status --host web-1 -- api",
    "status --host web-1 --yes",
    "status --host web-1 --format xml",
    "status --tag web",
    "restart --host web-1",
    "restart api --host web-1 --format json",
    "restart api --host web-1 --help",
    "restart api --host web-1 --deadline 3",
    "restart api --host web-1 --tag web",
    "restart api --host web-1 --user -oProxyCommand=sh",
    "kill api --host web-1",
]


@pytest.mark.parametrize(("line", "found"), OF_UNITS_LINES)
def test_units_of_one_host(line: str, found: UnitsOf) -> None:
    assert find_units(line.split(), {}) == found


@pytest.mark.parametrize("line", OF_UNITS_LEFT)
def test_units_are_otherwise_left_to_the_command(line: str) -> None:
    assert find_units(line.split(), {}) is None


@pytest.mark.parametrize("verb", ROLES)
def test_the_options_of_units_are_those_of_the_command(verb: str) -> None:
    command: Any = build_command()
    options = {name: option for option in command.commands[verb].params for name in option.opts}
    for name in OF_UNITS[ROLES[verb]]:
        assert not options[name].is_flag
    for name in FLAGS_OF_UNITS[ROLES[verb]] - {"--debug"}:
        assert options[name].is_flag


def test_what_is_not_cached_is_connected_to_by_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is cached, and connected to early from then on; unless a word means no unit."""
    monkeypatch.setenv("QTCTL_KEEP", str(tmp_path))
    registry = ROOT / "registry"
    target = Target(registry, "127.0.0.1", user="nobody")
    argv = ["--host", "127.0.0.1", "--user", "nobody", "--registry", str(registry)]
    with _begin_to_reach(["status", *argv]) as started:
        assert not started.connecting
        with reuse_reaching(started, target, "audit") as reaching:
            assert reaching is started
            assert reaching.declare().desired.services
    with _begin_to_reach(["status", "ai-engine", *argv]) as started:
        assert started.connecting
    with _begin_to_reach(["restart", "redis-server", *argv]) as started:
        assert not started.connecting


def test_another_account_is_not_taken() -> None:
    target = Target(ROOT / "registry", "local")
    with (
        _begin_to_reach(["restart", "api", "--host", "local", "--registry", str(target.registry)]) as started,
        reuse_reaching(started, target, "audit") as reaching,
    ):
        assert reaching is not started


def test_a_worker_answers_several_questions() -> None:
    target = Target(ROOT / "registry", "local")
    with reuse_reaching(None, target, "audit") as reaching:
        desired = reaching.declare().desired
        question = make_question(desired, ("quantum-ai-engine.service",), 0)
        looks = [reaching.run(in_worker.look, reaching.connect(), question) for _ in range(2)]
    assert [each.units for each in looks] == [question.units] * 2
    assert all(each.facts is not None for each in looks)


@pytest.mark.parametrize("line", ["status", "status ai-engine", "restart ai-engine"])
def test_what_was_asked_early_is_what_the_command_asks(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the host would be asked twice."""
    monkeypatch.setenv("QTCTL_KEEP", str(tmp_path))
    registry = ROOT / "registry"
    target = Target(registry, "127.0.0.1", user="nobody")
    verb, *words = line.split()
    argv = [*line.split(), "--host", target.host, "--user", "nobody", "--registry", str(registry)]
    with reuse_reaching(None, target, ROLES[verb]) as reaching:
        desired = reaching.declare().desired
    with _begin_to_reach(argv) as early:
        assert len(early.begun) == 1
        if verb == "status":
            lines = 5 if words else 0
            unit_status.begin(StatusTask(target.host, desired, unit_status.select(desired, words), lines), early)
        else:
            request = control.make_request(desired, ControlVerb.RESTART, words)
            control.begin(ControlTask(target.host, desired, request), early)
        assert len(early.begun) == 1


def _begin_to_reach(argv: list[str]) -> Reaching:
    started = begin(argv)
    assert isinstance(started, Reaching)
    return started
