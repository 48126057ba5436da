"""A look at a host that begins before the command line is understood: an SSH login takes as long as all our thinking.

Nothing depends on what is taken from the command line at a glance: a look that is not the one that is needed is not
used, and an error is told when the command comes to it by itself.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from qtctl.cli.connect import LOCAL, Way, way
from qtctl.cli.looking import Asked, Looking
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError, LabError

if TYPE_CHECKING:
    from qtctl.flows.declared import Declared


@dataclass(frozen=True, slots=True)
class Target:
    """A host, and the registry that says what it must have."""

    registry: Path
    host: str
    as_name: str | None = None
    user: str | None = None


class Early:
    """A look at a host, from its beginning to its end, whichever comes of the command.

    It connects at once, by what hosts.toml says, read ahead and unchecked. Only where that turns out to be what the
    registry as a whole says too, the connection is used.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._guess = _guess(target.host, _hosts(target.registry), target.as_name, target.user)
        self._looking = Looking(self._guess) if self._guess is not None else None
        self._declared: Declared | None = None

    @property
    def asked(self) -> bool:
        return self._declared is not None

    def ask(self) -> "tuple[Declared, Looking]":
        """What the host must have, not yet rendered, and the look at it. Asks it, where it has not been asked."""
        if self._looking is None or self._declared is None:
            self._declared, asked, true = _question(self.target)
            if self._looking is None or self._guess != true:
                self.close()
                self._looking = Looking(true)
            self._looking.ask(asked)
        return self._declared, self._looking

    def close(self) -> None:
        if self._looking is not None:
            self._looking.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
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
    early = Early(Target(Path(folder or "registry"), host, option(argv, "--as"), option(argv, "--user")))
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


def _hosts(registry: Path) -> Mapping[str, bytes]:
    try:
        return {"hosts.toml": (registry / "hosts.toml").read_bytes()}
    except OSError:
        return {}


def _question(target: Target) -> "tuple[Declared, Asked, Way]":
    from qtctl.adapters.files import read_registry
    from qtctl.cli.connect import declared_way, passwords
    from qtctl.flows.audit import needs
    from qtctl.flows.declared import begin

    declared = begin(read_registry(target.registry), target.host, target.as_name)
    asked = Asked(target.host, declared.desired, needs(declared.desired), passwords(declared.registry))
    return declared, asked, declared_way(target.host, declared.registry, declared.desired.host, target.user, "audit")


def option(argv: Sequence[str], name: str) -> str | None:
    """The value of a long option, as typer takes it: the last one counts."""
    values = [word.partition("=")[2] for word in argv if word.startswith(f"{name}=")]
    values += [value for word, value in pairwise(argv) if word == name]
    return values[-1] if values else None


def _guess(target: str, files: Mapping[str, bytes], as_name: str | None, user: str | None) -> Way | None:
    """How `target` will be reached, from hosts.toml alone. None where that does not say it: it has errors, perhaps."""
    if target == LOCAL:
        return None
    try:
        hosts = read(files.get("hosts.toml", b""), "hosts.toml")
    except InputError:
        return None
    only = tuple(hosts) if len(hosts) == 1 and as_name is None else ()
    name = next((name for name in (as_name, target, *only) if name in hosts), None)
    match {"ssh_port": 22, **hosts[name]} if name is not None and isinstance(hosts[name], dict) else None:
        case {"address": str(address), "audit_user": str(account), "ssh_port": int(port)}:
            with suppress(LabError):
                return way(target, str(name), user or account, address, port)
    return None
