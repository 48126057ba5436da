"""systemd's own judge of unit files, on this machine: systemd need not run."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from qtctl.model.tree import Tree


@dataclass(frozen=True, slots=True)
class Printed:
    """A finished run of the tool: its exit status (negative: ended by that signal) and what it printed."""

    exit: int
    out: str
    err: str


class Staged(Protocol):
    """A root on this machine that contains a tree."""

    @property
    def root(self) -> str:
        """Its absolute path."""
        ...

    def analyze(self, arguments: Sequence[str], deadline_s: float) -> Printed:
        """Run `systemd-analyze`. HostError if it is not installed, or does not end in time."""
        ...


class Analyze(Protocol):
    def stage(self, tree: Tree) -> AbstractContextManager[Staged]:
        """A new root with `tree` in it, removed at the end whatever happens. HostError if it cannot be made."""
        ...
