"""How a host is reached. A value: `engines.connect` makes the connection."""

from dataclasses import dataclass

from qtctl.dialects.endpoints import is_account, is_address, is_port, is_target
from qtctl.errors import InputError


@dataclass(frozen=True, slots=True)
class Route:
    """`user` and, where set, `config` (a path), `address` and `port` override what ssh_config says about `target`.

    InputError for a value that is not what its field says: nothing else may reach ssh or a socket.
    """

    target: str
    user: str | None
    config: str | None = None
    address: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if not is_target(self.target):
            raise InputError(f"{self.target!r} is not a host name or address", hint="check --host")
        if self.user is not None and not is_account(self.user):
            raise InputError(f"{self.user!r} is not an account name", hint="check --user, and hosts.toml")
        if self.address is not None and not is_address(self.address):
            raise InputError(f"{self.address!r} is not a host name or address", hint="check hosts.toml")
        if self.port is not None and not is_port(self.port):
            raise InputError(f"{self.port} is not a port", hint="check hosts.toml")
