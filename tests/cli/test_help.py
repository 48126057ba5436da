"""Help, completion, and words at the wrong place: what a command was meant to be is told."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qtctl.cli.catalogue import collect_examples, find_command, list_commands
from qtctl.cli.command import Command
from qtctl.cli.exits import Exit
from qtctl.cli.main import _run_guarded, build_command
from qtctl.cli.suggest import find_stray_word
from tests.cli.world import environment, qtctl
from tests.docs.cli import commands

MEANT = [
    ("audit lab1", "--host lab1"),
    ("deploy lab1", "--host lab1"),
    ("deploy lab1 --yes", "--host lab1"),
    ("audit web-*", "--host 'web-*'"),
    ("audit evidence.json", "--from evidence.json"),
    ("report registry lab1", "--host lab1"),
    ("parity docker-compose.yml", "--compose docker-compose.yml"),
    ("lint registry", "--registry registry"),
    ("render out", "--out out"),
    ("list hosts", "--kind hosts"),
    ("list retired", "--state retired"),
    ("graph order", "--what order"),
    ("graph svg", "--format svg"),
    ("lab up 3", "--hosts 3"),
]


@pytest.mark.parametrize(("line", "meant"), MEANT)
def test_a_word_at_the_wrong_place(
    line: str, meant: str, world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world)
    assert _run_guarded(line.split(), debug=False) == 2
    said = capsys.readouterr()
    assert said.out == ""
    stray = next(word for word in line.split() if word in meant)
    assert said.err.startswith(f"error: unexpected argument '{stray}' (did you mean {meant}?) (see qtctl ")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("line", ["verify -- --x", "audit '' ", "explain QT505 more", "lab list lab1"])
def test_a_word_that_is_nothing(line: str, world: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(world)
    assert _run_guarded(shlex.split(line), debug=False) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: unexpected argument ")
    assert "did you mean" not in said


def test_what_is_missing_is_told_where_no_word_is_left_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_guarded(["deploy"], debug=False) == 2
    assert capsys.readouterr().err == "error: missing option '--host' (see qtctl deploy --help)\n"


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, each in command.commands.items():
        if hasattr(each, "commands"):
            yield from leaves(each, (*path, name))
        else:
            yield " ".join((*path, name)), each


@pytest.mark.parametrize("command", list_commands(), ids=lambda each: each.name)
def test_a_command_is_found_by_its_name_and_is_the_same_alone(command: Command) -> None:
    assert find_command(command.name) == command
    alone, among_all = build_command(command), build_command()
    assert describe(alone.commands) == describe({command.name: among_all.commands[command.name]})  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "lin", "--help", "reset_failed", "__init__", "../lint", "os", "commands.lint"])
def test_what_is_no_name_of_a_command_finds_none(name: str) -> None:
    assert find_command(name) is None


LOADED = """import sys
from qtctl.cli.main import _run_guarded
code = _run_guarded(sys.argv[1:], debug=False)
print(code, *sorted(name for name in sys.modules if name.startswith("qtctl.cli.commands.")))
"""


HELPED = """import sys
from qtctl.cli.main import _run_guarded
_run_guarded(["--help"], debug=False)
print(*sorted({"pydantic", "qtctl.model.desired", "qtctl.model.facts"} & set(sys.modules)))
"""


def test_help_loads_no_models(world: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELPED], cwd=world, env=environment(world), stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == ""


def test_no_other_command_is_loaded(world: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "explain", "QT505"], cwd=world, env=environment(world), stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 qtctl.cli.commands.explain"


def describe(commands: Any) -> dict[str, Any]:
    return {
        path: [each.help, [(param.name, param.opts, getattr(param, "help", None)) for param in each.params]]
        for name, command in commands.items()
        for path, each in ([(name, command)] if not hasattr(command, "commands") else leaves(command, (name,)))
    }


def test_every_command_has_examples_and_its_help_shows_them() -> None:
    assert set(collect_examples()) == commands()
    for name, command in leaves(build_command()):
        assert command.help.endswith("\n\nExamples:\n" + "\n".join(collect_examples()[name]))
        assert any(line.startswith(f"qtctl {name}") for line in collect_examples()[name])


@pytest.mark.parametrize("line", [line for lines in collect_examples().values() for line in lines])
def test_an_example_is_a_command_line(line: str) -> None:
    """Its options are there, and nothing is left over: the command itself is not run, nor what it reads from."""
    program, *argv = shlex.split(line.rpartition(" | ")[2].partition(" > ")[0])
    command: Any = build_command()
    context = command.make_context(program, list(argv))
    while hasattr(command, "commands"):
        words = [*context._protected_args, *context.args] if hasattr(context, "_protected_args") else context.args
        name, command, rest = command.resolve_command(context, words)
        context = command.make_context(name, list(rest), parent=context)
    assert find_stray_word(context, argv) is None
    assert len(line) <= 78


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str, world: Path) -> None:
    ran = qtctl(world, "--show-completion", shell, env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert (ran.code, ran.err) == (0, "")
    assert f"_QTCTL_COMPLETE=complete_{shell}" in ran.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("qtctl au", ["audit"]),
        ("qtctl audit --host ", ["box", "local"]),
        ("qtctl audit --format j", ["json", "junit"]),
        ("qtctl list --kind h", ["hosts"]),
    ],
)
def test_what_is_completed(line: str, words: list[str], world: Path) -> None:
    """As bash asks."""
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_QTCTL_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "qtctl"], cwd=world, env=environment(world, **asked), capture_output=True, text=True,
        check=False, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = [each for each in done.stdout.split() if each.startswith(line.rpartition(" ")[2])]
    assert [each for each in words if each not in found] == []
    assert not os.path.lexists(world / ".lab")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("init", "missing DIR, --name, --host, --address"),
        ("init shop --name shop", "missing --host, --address"),
        ("secrets put", "missing NAME, --host"),
        ("secrets put web TOKEN --host lab1", "unexpected argument 'TOKEN'"),
    ],
)
def test_all_that_is_missing_is_said_at_once(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_guarded(line.split(), debug=False) == Exit.USAGE
    command = " ".join(line.split()[: 1 if line.startswith("init") else 2])
    assert capsys.readouterr().err == f"error: {said} (see qtctl {command} --help)\n"


def test_flags_of_the_help_show_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("--help", "rollback --help", "lab --help", "lab up --help"):
        _run_guarded(line.split(), debug=False)
        shown = capsys.readouterr().out
        assert "--help" in shown
        assert "bool" not in shown


def collect_help_texts(command: Any) -> Iterator[str]:
    """What the help of a command has to show: of a group, the first paragraph of each command in it, too."""
    yield command.help or ""
    yield command.epilog or ""
    yield from (getattr(each, "help", None) or "" for each in command.params if not getattr(each, "hidden", False))
    for each in getattr(command, "commands", {}).values():
        yield each.help.partition("\n\n")[0]


def list_paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from list_paths(each, (*path, name))


@pytest.mark.parametrize("path", list(list_paths(build_command())), ids=lambda path: " ".join(path) or "qtctl")
def test_every_word_of_a_help_text_is_on_the_screen(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word in square brackets, too, which Rich would take for a tag."""
    monkeypatch.setenv("COLUMNS", "500")
    assert _run_guarded([*path, "--help"], debug=False) == Exit.OK
    shown = capsys.readouterr().out
    command: Any = build_command()
    for name in path:
        command = command.commands[name]
    assert [word for text in collect_help_texts(command) for word in text.split() if word not in shown] == []
    assert "\\[" not in shown


def test_a_word_in_brackets_is_completed_with_its_help(world: Path) -> None:
    """As zsh asks."""
    asked = {"_TYPER_COMPLETE_ARGS": "qtctl ga", "_QTCTL_COMPLETE": "complete_zsh"}
    done = subprocess.run(
        [sys.executable, "-m", "qtctl"], cwd=world, env=environment(world, **asked), capture_output=True, text=True,
        check=False, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "[gate] in policy.toml" in done.stdout
