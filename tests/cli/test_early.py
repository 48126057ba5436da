"""An audit that begins before typer is loaded: which command lines begin one, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from qtctl.cli.early import COMMANDS, FLAGS, FORMATS, begin, take, target_of
from qtctl.cli.looking import Target
from qtctl.cli.main import app
from qtctl.cli.output import Format
from qtctl.cli.task import Task
from qtctl.errors import InputError
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
    assert target_of(line.split(), {}) == target


@pytest.mark.parametrize("line", LEFT_TO_THE_COMMAND)
def test_any_other_command_line_is_left_to_the_command(line: str) -> None:
    assert target_of(line.split(), {}) is None


def test_the_registry_is_the_one_of_the_environment() -> None:
    found = target_of(["audit", "--host", "web-1"], {"QTCTL_REGISTRY": "elsewhere"})
    assert found == Target(Path("elsewhere"), "web-1")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_options_are_those_of_the_command(command: tuple[str, ...]) -> None:
    found: Any = get_command(app)
    for word in command:
        found = found.commands[word]
    options = {name: option for option in found.params for name in option.opts}
    for name in COMMANDS[command]:
        assert not options[name].is_flag
        assert not options[name].multiple
    for name in FLAGS[command] - {"--debug"}:
        assert options[name].is_flag
    assert set(options) - COMMANDS[command] - FLAGS[command] == {"--from"}


def test_the_formats_are_those_of_the_commands() -> None:
    assert {each.value for each in Format} == FORMATS


def test_a_look_that_has_begun_is_the_one_that_the_command_takes() -> None:
    registry = ROOT / "registry"
    begin(["audit", "--host", "local", "--registry", str(registry)])
    said: list[str] = []

    def tell(what: str) -> None:
        said.append(what)

    with take(Target(registry, "local")) as early:
        assert early.asked
        compiling, looking = early.ask()
        evidence = looking.answer(tell)
    assert (evidence.host, evidence.transport, said) == (compiling.begun().host, "local", ["asking local"])


def test_a_look_that_is_not_meant_is_not_taken() -> None:
    registry = ROOT / "registry"
    begin(["audit", "--host", "local", "--registry", str(registry)])
    with take(Target(registry, "local", user="me")) as early:
        assert not early.asked


@pytest.mark.parametrize("argv", [["audit", "--help"], ["audit", "--host", "local", "-h"], ["lint"], ["audit"], []])
def test_what_is_no_look_begins_none(argv: list[str]) -> None:
    begin([*argv, "--registry", str(ROOT / "registry")])
    with take(Target(ROOT / "registry", "local")) as early:
        assert not early.asked


def test_an_error_that_is_met_early_is_told_when_the_command_meets_it(tmp_path: Path) -> None:
    begin(["audit", "--host", "local", "--registry", str(tmp_path)])
    with take(Target(tmp_path, "local")) as early, pytest.raises(InputError, match=r"fleet\.toml is missing"):
        early.ask()


def test_a_task_raises_what_its_work_raised() -> None:
    assert Task(lambda: 7).result() == 7
    with pytest.raises(ZeroDivisionError):
        Task(lambda: 1 // 0).result()
