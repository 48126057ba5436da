"""A look at a host that begins before the command line is understood: an SSH login takes as long as all our thinking.

Nothing depends on what is taken from the command line at a glance: a look that is not the one that is needed is not
used, and an error is told when the command comes to it by itself. What is loaded here is loaded before the look begins.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

from qtctl.cli.looking import Looking, Target

if TYPE_CHECKING:
    from types import TracebackType

    from qtctl.cli.compiling import Compiling


class Early:
    """A look at a host, from its beginning to its end, whichever comes of the command. It connects at once."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._looking = Looking(target)
        self._compiling: Compiling | None = None

    @property
    def asked(self) -> bool:
        return self._compiling is not None

    def ask(self) -> "tuple[Compiling, Looking]":
        """What the host must have, and the look at it. Asks it, where it has not been asked."""
        if self._compiling is None:
            self._compiling = self._ask()
        return self._compiling, self._looking

    def _ask(self) -> "Compiling":
        from qtctl.cli.asked import asked
        from qtctl.cli.compiling import Compiling

        compiling = Compiling(self.target)
        self._looking.ask(asked(compiling.begun(), self.target.host, self.target.user))
        return compiling

    def close(self) -> None:
        self._looking.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()


_begun: list[Early] = []
"""The look of this process that was begun before its command line was understood."""


def begin(argv: Sequence[str]) -> None:
    """Ask a live host where `argv` is, as far as it can be told at a glance, a look at one."""
    if list(argv[:1]) != ["audit"] and list(argv[:2]) != ["report", "registry"]:
        return
    host, folder = option(argv, "--host"), option(argv, "--registry") or os.environ.get("QTCTL_REGISTRY")
    if not host or {"-h", "--help"} & set(argv):
        return
    templates = option(argv, "--templates")
    early = Early(
        Target(
            Path(folder or "registry"),
            host,
            option(argv, "--as"),
            option(argv, "--user"),
            Path(templates) if templates else None,
        )
    )
    _begun.append(early)
    with suppress(Exception):
        early.ask()


def take(target: Target) -> Early:
    """The look that was begun, else one that begins now."""
    begun = _begun.pop() if _begun else None
    if begun is not None and begun.target == target:
        return begun
    if begun is not None:
        begun.close()
    return Early(target)


def option(argv: Sequence[str], name: str) -> str | None:
    """The value of a long option, as typer takes it: the last one counts."""
    values = [word.partition("=")[2] for word in argv if word.startswith(f"{name}=")]
    values += [value for word, value in pairwise(argv) if word == name]
    return values[-1] if values else None
