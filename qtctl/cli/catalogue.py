"""All commands: every file in `commands` is one, and has its name. Nothing else lists them."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from qtctl.cli import commands
from qtctl.cli.command import Command


@cache
def list_commands() -> tuple[Command, ...]:
    return tuple(sorted(map(_load, _list_modules()), key=lambda each: each.place))


def find_command(name: str) -> Command | None:
    """The command of this name, without loading the others; None if there is none."""
    module = name.replace("-", "_")
    found = _load(module) if module in _list_modules() else None
    return found if found is not None and found.name == name else None


@cache
def _list_modules() -> tuple[str, ...]:
    return tuple(each.name for each in iter_modules(commands.__path__))


def _load(module: str) -> Command:
    command: Command = import_module(f"{commands.__name__}.{module}").COMMAND
    return command


@cache
def list_names() -> tuple[str, ...]:
    """The names of all commands, in the order of work."""
    return tuple(each.name for each in list_commands())


@cache
def collect_examples() -> Mapping[str, tuple[str, ...]]:
    """Command by its words → lines. A test compares them with the command line."""
    return {words: lines for each in list_commands() for words, lines in each.examples_by_words().items()}
