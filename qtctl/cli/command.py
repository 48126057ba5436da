"""What a file in `commands` declares about its command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import typer

NEEDS_HOST = "needs_host"
"""Attribute of the functions of commands that need a host, and take several."""
TAKES_ONE = "takes_one_host"
"""Attribute of the functions of commands that take one host: whether it is `needed` or `optional`."""


class Panel(StrEnum):
    """Where the help lists it."""

    START = "See it work"
    DECLARE = "What is declared"
    REHEARSE = "Rehearse on a throwaway host"
    CHANGE = "Change a host"
    OPERATE = "Operate what runs"
    LOOK = "Look at a host"


@dataclass(frozen=True, slots=True)
class Command:
    """`COMMAND` of its file. `place`: commands stand in the order of work, least first.

    `run`: the function, or a group of commands. `examples`: command of the group ("" if there is none) → lines as
    they are typed.
    """

    name: str
    place: int
    panel: Panel
    run: Callable[..., None] | typer.Typer
    examples: Mapping[str, tuple[str, ...]]

    def add_to(self, app: typer.Typer) -> None:
        if isinstance(self.run, typer.Typer):
            app.add_typer(self.run, name=self.name, rich_help_panel=self.panel)
        else:
            app.command(self.name, rich_help_panel=self.panel)(self.run)

    def examples_by_words(self) -> Mapping[str, tuple[str, ...]]:
        """Command by all its words → lines."""
        return {f"{self.name} {below}".strip(): lines for below, lines in self.examples.items()}
