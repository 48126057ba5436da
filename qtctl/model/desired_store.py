"""A Redis server that a host must have."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class StoreTls:
    """How to use TLS. The files are on the machine that asks; '' for the CA: the CAs that it trusts anyway.

    `certificate`, `key`: '' if Redis wants none. `server_name`: the name in the server's certificate.
    """

    ca: str
    certificate: str
    key: str
    server_name: str


@dataclass(frozen=True, slots=True)
class DesiredStore:
    """A Redis server on the host, reached from the host itself at `address`:`port`.

    For a unix socket, `address` is the socket and `port` is 0.
    """

    name: str
    unit: str
    address: str
    port: int
    password_env: str
    origin: Origin
    user: str = ""
    """The ACL user; '' for the default one."""
    db: int = 0
    appendonly: bool = False
    saved_within_us: int | None = None
    key_patterns: tuple[str, ...] = ()
    """Keys that match one of these count as the fleet's."""
    group_patterns: tuple[str, ...] = ()
    retired_keys: tuple[str, ...] = ()
    tls: StoreTls | None = None

    @property
    def socket(self) -> str:
        """The unix socket that it listens on; '' for none."""
        return self.address if self.address.startswith("/") else ""

    @property
    def shown_address(self) -> str:
        return self.socket or f"{self.address}:{self.port}"

    @property
    def place(self) -> tuple[str, int, int]:
        """Equal for two stores that are the same database."""
        return self.address, self.port, self.db
