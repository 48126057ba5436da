"""A connection that is made while the registry is still being read: an SSH login takes as long as all our thinking."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from qtctl.cli.connect import LOCAL, Way, way
from qtctl.cli.task import Task
from qtctl.errors import HostError, LabError

if TYPE_CHECKING:
    from qtctl.ports.host import Host


class Early:
    """The connection, from its beginning to its end, whichever comes of the command.

    What the registry says of the host is read ahead, and unchecked. Only where it turns out to be what the registry as
    a whole says too, the connection is used.
    """

    def __init__(self, target: str, files: Mapping[str, bytes], as_name: str | None, user: str | None) -> None:
        self._guess = _guess(target, files, as_name, user)
        self._task = Task(self._guess.connect_ahead) if self._guess is not None else None
        self._host: Host | None = None

    @property
    def begun(self) -> bool:
        return self._task is not None

    def host(self, true: Way) -> "Host":
        """The connection by the `true` way. Unreachable where there is none."""
        if self._task is not None and self._guess == true:
            self._host = self._task.result()
        else:
            self.close()
            self._host = true.connect()
        return self._host

    def close(self) -> None:
        """End it. One that is still being made ends with this process, which does not wait for it."""
        if self._host is None and self._task is not None and self._task.done:
            try:
                self._host = self._task.result()
            except HostError:
                return
        if self._host is not None:
            self._host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_begun: list[Early] = []
"""The connection of this process that was begun before its command line was understood."""


def begin(argv: Sequence[str]) -> None:
    """Connect where `argv` is, as far as it can be told at a glance, a look at a live host.

    Nothing depends on the glance: a connection that is not the one that is needed is not used.
    """
    if list(argv[:1]) != ["audit"] and list(argv[:2]) != ["report", "registry"]:
        return
    target, folder = option(argv, "--host"), option(argv, "--registry") or os.environ.get("QTCTL_REGISTRY", "registry")
    if not target or {"-h", "--help"} & set(argv):
        return
    with suppress(OSError):
        hosts = (Path(folder) / "hosts.toml").read_bytes()
        early = Early(target, {"hosts.toml": hosts}, option(argv, "--as"), option(argv, "--user"))
        _begun.append(early)
        if early.begun:
            # What the handshake needs is loaded before all else: the two would only wait for each other.
            from qtctl.adapters.ssh import load

            load()


def take(target: str, files: Mapping[str, bytes], as_name: str | None, user: str | None) -> Early:
    """The connection that was begun, else one that begins now."""
    if _begun and _begun[-1].begun:
        return _begun.pop()
    return Early(target, files, as_name, user)


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
        hosts = tomllib.loads(files.get("hosts.toml", b"").decode())
    except (ValueError, RecursionError):
        return None
    only = tuple(hosts) if len(hosts) == 1 and as_name is None else ()
    name = next((name for name in (as_name, target, *only) if name in hosts), None)
    match {"ssh_port": 22, **hosts[name]} if name is not None and isinstance(hosts[name], dict) else None:
        case {"address": str(address), "audit_user": str(account), "ssh_port": int(port)}:
            with suppress(LabError):
                return way(target, str(name), user or account, address, port)
    return None
