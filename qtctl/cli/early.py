"""An audit of a live host that begins before typer is loaded: an SSH login takes as long as all our own work.

Only a command line that is understood to the last word is acted on, and no host is connected to before its registry has
been checked. Everything else is left to the command, which then reports what is wrong.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from qtctl.cli.looking import Looking, Target
from qtctl.dialects.endpoints import is_account, is_target
from qtctl.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

    from qtctl.cli.compiling import Compiling

SOURCE = frozenset({"--host", "--as", "--user", "--registry", "--templates", "--format"})
COMMANDS = {("audit",): SOURCE | {"--save"}, ("report", "registry"): SOURCE | {"--out"}}
"""The commands that ask a live host and change none, and their options that take a value."""
FLAGS = {("audit",): frozenset({"--all", "--debug"}), ("report", "registry"): frozenset({"--debug"})}
"""Those that take none. With another option (--from, --help) nothing begins early."""
FORMATS = frozenset({"table", "json", "md"})


class Early:
    """A look at a host, from its beginning to its end."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._looking = Looking(target)
        self._compiling: Compiling | None = None

    @property
    def asked(self) -> bool:
        return self._compiling is not None

    def ask(self) -> "tuple[Compiling, Looking]":
        """What the host must have, and the look at it. Checks the registry, then asks, where neither has been done."""
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
"""The look of this process that was begun before typer was loaded."""


def begin(argv: Sequence[str]) -> None:
    """Begin to ask the host that `argv` names, where all of `argv` is understood and the registry has no error."""
    target = target_of(argv, os.environ)
    if target is None:
        return
    early = Early(target)
    _begun.append(early)
    with suppress(Exception):  # the command meets it again, and reports it
        early.ask()


def take(target: Target) -> Early:
    """The look that was begun, else one that begins now."""
    begun = _begun.pop() if _begun else None
    if begun is not None and begun.target == target:
        return begun
    if begun is not None:
        begun.close()
    return Early(target)


def target_of(argv: Sequence[str], environ: Mapping[str, str]) -> Target | None:
    """The live host that a command line asks. None for any other, and where a word of it is not plainly right."""
    command = next((words for words in COMMANDS if tuple(argv[: len(words)]) == words), None)
    options = _options(argv[len(command) :], COMMANDS[command], FLAGS[command]) if command is not None else None
    if options is None or not _right(options):
        return None
    templates = options.get("--templates")
    return Target(
        Path(options.get("--registry") or environ.get("QTCTL_REGISTRY") or "registry"),
        options["--host"],
        options.get("--as"),
        options.get("--user"),
        Path(templates) if templates is not None else None,
    )


def _options(words: Sequence[str], values: Collection[str], flags: Collection[str]) -> dict[str, str] | None:
    """Option → value, of a flag an empty one. None where a word is unknown, said twice, or lacks its value."""
    found: dict[str, str] = {}
    left = list(reversed(words))
    while left:
        name, equals, value = left.pop().partition("=")
        if name in found or (equals and not value):
            return None
        if name in flags and not equals:
            found[name] = ""
        elif name in values and (equals or (left and left[-1] and not left[-1].startswith("-"))):
            found[name] = value if equals else left.pop()
        else:
            return None
    return found


def _right(options: Mapping[str, str]) -> bool:
    """Whether the command will take these values, as far as can be told without a registry."""
    if not is_target(options.get("--host", "")) or not is_account(options.get("--user", "root")):
        return False
    if options.get("--format", "json") not in FORMATS:
        return False
    return all(_writable(options[name]) for name in ("--save", "--out") if name in options)


def _writable(path: str) -> bool:
    from qtctl.adapters.files import check_writable

    try:
        check_writable(Path(path))
    except InputError:
        return False
    return True
