"""A Redis server that a host must have."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DesiredStore:
    """A Redis server on the host, reached from the host itself at `address`:`port`."""

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
    """Keys that match one of them count as the fleet's."""
    group_patterns: tuple[str, ...] = ()
    retired_keys: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """The same for two stores that are one database."""
        return self.address, self.port, self.db
