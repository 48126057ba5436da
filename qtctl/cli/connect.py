"""Which adapter reaches a host, and as whom."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from qtctl.errors import InputError
from qtctl.model.registry import Registry

if TYPE_CHECKING:
    from qtctl.ports.host import Host

LOCAL = "local"


def connect(target: str, registry: Registry, host: str, user: str | None, role: Literal["audit", "deploy"]) -> "Host":
    """A connection to `target`, which is, or stands in for, `host` of the registry.

    Unreachable where there is none. A lab host is reached through the lab's ssh config, a host of the registry at its
    declared address unless ssh config knows the name, anything else as ssh config has it.
    """
    if target == LOCAL:
        from qtctl.adapters.local import LocalHost

        return LocalHost()
    from qtctl.adapters.ssh import connect as ssh
    from qtctl.lab.lab import find, ssh_config_path

    declared = registry.hosts[host]
    account = user or (declared.audit_user if role == "audit" else declared.deploy_user)
    if find(target) is not None:
        return ssh(target, user=account, config=ssh_config_path())
    if target == host:
        return ssh(target, user=account, config=None, address=declared.address, port=declared.ssh_port)
    return ssh(target, user=account, config=None)


def passwords(registry: Registry) -> Mapping[str, str]:
    """Store passwords from the environment, by store. InputError where a declared one is not set."""
    found = {}
    for name, store in registry.stores.items():
        if store.password_env is None:
            continue
        value = os.environ.get(store.password_env)
        if value is None:
            raise InputError(f"{store.password_env} is not set", hint=f"it holds the password of store {name}")
        found[name] = value
    return found
