"""Which adapter reaches a host, and as whom."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qtctl.cli.task import Task
from qtctl.dialects.endpoints import LOCAL, is_account, is_address, is_port, is_target
from qtctl.errors import InputError, NameUnknown

if TYPE_CHECKING:
    from qtctl.adapters.ssh import SshHost
    from qtctl.model.desired import Desired
    from qtctl.model.secret import Secret
    from qtctl.ports.host import Host

LAB_NAME = re.compile(r"lab([1-9][0-9]?)")


@dataclass(frozen=True, slots=True)
class Way:
    """How a host is reached: `user` and, where set, `config`, `address` and `port` override what ssh knows of it.

    InputError where one of them is not what its name says: nothing else may reach ssh or a socket.
    """

    target: str
    user: str | None
    config: Path | None = None
    address: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if not is_target(self.target):
            raise InputError(f"{self.target!r} is no host name or address", hint="check --host")
        if self.user is not None and not is_account(self.user):
            raise InputError(f"{self.user!r} is no account name", hint="check --user, and hosts.toml")
        if self.address is not None and not is_address(self.address):
            raise InputError(f"{self.address!r} is no host name or address", hint="check hosts.toml")
        if self.port is not None and not is_port(self.port):
            raise InputError(f"{self.port} is no port", hint="check hosts.toml")

    def connect(self) -> "Host":
        """Unreachable where there is no connection."""
        if self.target == LOCAL:
            from qtctl.adapters.local import LocalHost

            return LocalHost()
        return self._ssh()

    def connect_ahead(self, meanwhile: Callable[[], object]) -> "Host":
        """Connect, and open at once what an audit asks for first. `meanwhile` runs while the host opens it."""
        if self.target == LOCAL:
            return self.connect()
        host = self._ssh()
        Task(meanwhile)
        host.prepare()
        return host

    def _ssh(self) -> "SshHost":
        from qtctl.adapters.ssh import connect

        try:
            return connect(self.target, user=self.user, config=self.config, address=self.address, port=self.port)
        except NameUnknown as error:
            if (lab := LAB_NAME.fullmatch(self.target)) is None:
                raise
            raise NameUnknown(error.what, hint=f"boot it: `qtctl lab up --hosts {lab[1]}`") from error


def way(target: str, host: str, user: str, address: str, port: int) -> Way:
    """The way to `target`, which is, or stands in for, `host` of the registry, with its declared address and port.

    A lab host is reached through the lab's ssh config, a host of the registry at its declared address unless ssh
    config knows the name, anything else as ssh config has it.
    """
    from qtctl.lab.ssh import config_path
    from qtctl.lab.state import load

    found = Way(target, user)
    if target == LOCAL:
        return found
    if load(target) is not None:
        return replace(found, config=config_path())
    return replace(found, address=address, port=port) if target == host else found


def declared_way(target: str, desired: "Desired", user: str | None, role: Literal["audit", "deploy"]) -> Way:
    login = desired.login
    account = user or (login.audit_user if role == "audit" else login.deploy_user)
    return way(target, desired.host, account, login.address, login.port)


def connect(target: str, desired: "Desired", user: str | None, role: Literal["audit", "deploy"]) -> "Host":
    """A connection to `target`, which is, or stands in for, the host of `desired`. Unreachable where there is none."""
    return declared_way(target, desired, user, role).connect()


def anywhere(target: str, user: str | None) -> "Host":
    """A connection to a host that no registry declares: as ssh config has it, a lab host, or this machine."""
    from qtctl.lab.ssh import config_path
    from qtctl.lab.state import load

    found = Way(target, user)
    known = target != LOCAL and load(target) is not None
    return (replace(found, config=config_path()) if known else found).connect()


def passwords(desired: "Desired") -> "Mapping[str, Secret]":
    """Store passwords from the environment, by store: no output shows them. InputError where one is not set."""
    from qtctl.cli.output import withhold
    from qtctl.model.secret import Secret

    found = {}
    for store in desired.stores:
        if not store.password_env:
            continue
        value = os.environ.get(store.password_env)
        if value is None:
            raise InputError(f"{store.password_env} is not set", hint=f"it holds the password of store {store.name}")
        found[store.name] = Secret(value)
        withhold(found[store.name])
    return found
