"""Compose services that a fleet was migrated from."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class LeftContainer:
    """A service in a compose file, `how` it went (mapped, migrated, absorbed, deprecated), and `to` what.

    `ports`: those it published on the host, `8001/tcp`.
    """

    service: str
    how: str
    to: tuple[str, ...]
    ports: tuple[str, ...]
    origin: Origin
