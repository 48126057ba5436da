"""State shared by all services in an adoption of compose files: ports, host names, and findings."""

from dataclasses import dataclass, field

from qtctl.adopt.ledger import Ledger
from qtctl.adopt.suspect import hide_known
from qtctl.dialects.secrets import mask


@dataclass(slots=True)
class Shared:
    """`taken`: protocol, port and address → the compose service that publishes it."""

    fleet: str
    ledger: Ledger
    systemd: int = 252
    taken: dict[tuple[str, int, str], str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Host name → address, of `extra_hosts`."""

    def mask(self, text: str) -> str:
        """A text of the file as it may appear in a registry: URLs of images and sources may hold passwords."""
        return hide_known(mask(text), self.ledger.secrets)
