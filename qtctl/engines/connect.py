"""Connect to a host: choose the adapter, the address and the user."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.dialects.endpoints import LOCAL
from qtctl.errors import InputError, NameUnknown
from qtctl.model.route import Route

if TYPE_CHECKING:
    from qtctl.adapters.ssh import SshHost
    from qtctl.interfaces.host import Host
    from qtctl.model.desired import Desired, Login
    from qtctl.model.secret import Secret

CONNECT_S = 10.0
"""For each stage of connecting: the settings, TCP, the handshake, the login."""
LAB_NAME = re.compile(r"lab([1-9][0-9]?)")


def connect(route: Route) -> "Host":
    """Raises Unreachable if there is no connection."""
    if route.target == LOCAL:
        from qtctl.adapters.local import LocalHost

        return LocalHost()
    return _connect_ssh(route)


def connect_ahead(
    route: Route, meanwhile: Callable[[], object], timeout_s: float = CONNECT_S, *, shell: bool = True
) -> "Host":
    """Connect, and open the channels that an audit needs first. `meanwhile` runs while the host opens them.

    `timeout_s`: for each stage of connecting. `shell`: not needed for a look at units alone.
    """
    if route.target == LOCAL:
        return connect(route)
    host = _connect_ssh(route, timeout_s)
    BackgroundThread(meanwhile)
    host.prepare(shell=shell)
    return host


def connect_as_root(route: Route, earlier: "Host | None" = None) -> "Host":
    """Connect, and begin to ask how the account becomes root. `earlier`: a connection by the same route, or None."""
    if route.target == LOCAL:
        return connect(route)
    from qtctl.adapters.ssh import SshHost

    host = _connect_ssh(route)
    host.prepare_root(helped=earlier.has_helper if isinstance(earlier, SshHost) else None)
    return host


def connect_to_control(route: Route, meanwhile: Callable[[], object] = tuple) -> "Host":
    """As `connect_as_root`, and open the channels that a look needs, and on which jobs are followed.

    `meanwhile` runs while the host opens them.
    """
    host = connect_as_root(route)
    from qtctl.adapters.ssh import SshHost

    if isinstance(host, SshHost):
        BackgroundThread(meanwhile)
        host.prepare()
    return host


def make_declared_route(target: str, desired: "Desired", user: str | None, role: Literal["audit", "deploy"]) -> Route:
    """The route to `target`, which is, or stands in for, the host of `desired`."""
    login = desired.login
    return make_login_route(
        target, desired.host, login, user or (login.audit_user if role == "audit" else login.deploy_user)
    )


def make_login_route(target: str, host: str, login: "Login", user: str) -> Route:
    """The route to `target`, which is, or stands in for, the host `host` of the registry.

    A lab host is reached through the lab's ssh config, a host of the registry at its declared address unless
    ssh_config knows the name, anything else as ssh_config says.
    """
    found = make_undeclared_route(target, user)
    if found.config is not None or target == LOCAL or target != host:
        return found
    return replace(found, address=login.address, port=login.port)


def make_undeclared_route(target: str, user: str | None) -> Route:
    """The route to a host that no registry declares: this machine, a lab host, or as ssh_config says."""
    from qtctl.lab.ssh import locate_config
    from qtctl.lab.state import load

    route = Route(target, user)
    if target == LOCAL or load(target) is None:
        return route
    return replace(route, config=str(locate_config()))


def read_passwords(desired: "Desired") -> "Mapping[str, Secret]":
    """Store name → password from the environment. InputError if a variable is not set."""
    return {store.name: read_password(store.password_env, store.name) for store in desired.stores if store.password_env}


def read_password(variable: str, store: str) -> "Secret":
    """The password of a store. InputError if the environment variable is not set."""
    from qtctl.model.secret import Secret

    value = os.environ.get(variable)
    if value is None:
        raise InputError(f"{variable} is not set", hint=f"it holds the password of store {store}")
    return Secret(value)


def _connect_ssh(route: Route, timeout_s: float = CONNECT_S) -> "SshHost":
    from pathlib import Path

    from qtctl.adapters.ssh import connect as connect_ssh

    config = Path(route.config) if route.config is not None else None
    try:
        return connect_ssh(
            route.target,
            user=route.user,
            config=config,
            address=route.address,
            port=route.port,
            connect_timeout_s=timeout_s,
        )
    except NameUnknown as error:
        if (lab := LAB_NAME.fullmatch(route.target)) is None:
            raise
        hint = f"boot it: `qtctl lab up --hosts {lab[1]}`"
        raise NameUnknown(error.what, host=error.host, login=error.login, hint=hint) from error
