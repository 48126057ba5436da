"""How a host will be reached, told from hosts.toml alone, unchecked, while the registry as a whole is loaded."""

from contextlib import suppress
from pathlib import Path

from qtctl.cli.connect import LOCAL, Way, way
from qtctl.cli.looking import Target
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError, LabError


def guess(target: Target) -> Way | None:
    """None where it cannot be told: hosts.toml has errors, perhaps, or is not there."""
    try:
        content = (Path(target.registry) / "hosts.toml").read_bytes()
    except OSError:
        return None
    return of_hosts(target, content)


def of_hosts(target: Target, content: bytes) -> Way | None:
    """By the content of hosts.toml."""
    if target.host == LOCAL:
        return None
    try:
        hosts = read(content, "hosts.toml")
    except InputError:
        return None
    only = tuple(hosts) if len(hosts) == 1 and target.as_name is None else ()
    name = next((name for name in (target.as_name, target.host, *only) if name in hosts), None)
    match {"ssh_port": 22, **hosts[name]} if name is not None and isinstance(hosts[name], dict) else None:
        case {"address": str(address), "audit_user": str(account), "ssh_port": int(port)}:
            with suppress(LabError):
                return way(target.host, str(name), target.user or account, address, port)
    return None
