"""What one host must have, and where its registry says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from qtctl.errors import Place
from qtctl.model.desired import Desired
from qtctl.model.origin import Origin
from qtctl.registry.places import Places


@dataclass(frozen=True, slots=True)
class Declared:
    """The registry's texts by path, and what `desired.host` must have."""

    files: Mapping[str, bytes]
    desired: Desired
    places: Places

    def host_place(self) -> Place:
        """Where the registry declares the host itself."""
        return self.places.of(Origin("hosts.toml", (self.desired.host,)))

    def place(self, declared: str) -> Place:
        """File and line of a check's `declared` ("services/ai-engine.toml#ports.http")."""
        return self.places.of_written(declared)
