"""All commands: every file in `commands` is one. Nothing else lists them."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from qtctl.cli import commands
from qtctl.cli.command import Command


@cache
def list_commands() -> tuple[Command, ...]:
    modules = (import_module(f"{commands.__name__}.{each.name}") for each in iter_modules(commands.__path__))
    return tuple(sorted((module.COMMAND for module in modules), key=lambda each: each.place))


@cache
def list_names() -> tuple[str, ...]:
    """The names of all commands, in the order of work."""
    return tuple(each.name for each in list_commands())


@cache
def collect_examples() -> Mapping[str, tuple[str, ...]]:
    """Command by its words → lines. A test compares them with the command line."""
    return {f"{each.name} {below}".strip(): lines for each in list_commands() for below, lines in each.examples.items()}
