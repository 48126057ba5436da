"""All commands: every file in `commands` is one. Nothing else lists them."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from qtctl.cli import commands
from qtctl.cli.command import Command


@cache
def every_command() -> tuple[Command, ...]:
    modules = (import_module(f"{commands.__name__}.{each.name}") for each in iter_modules(commands.__path__))
    return tuple(sorted((module.COMMAND for module in modules), key=lambda each: each.place))


@cache
def order() -> tuple[str, ...]:
    """The names of all commands, in the order of work."""
    return tuple(each.name for each in every_command())


@cache
def examples() -> Mapping[str, tuple[str, ...]]:
    """Command by its words → lines. Held to the command line by a test."""
    return {f"{each.name} {below}".strip(): lines for each in every_command() for below, lines in each.examples.items()}
