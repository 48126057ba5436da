"""Where snapshots are kept: what a folder and a Redis stream have in common."""

from collections.abc import Callable
from typing import Protocol

from qtctl.model.snapshot import Chain, Snapshot, Stored

Build = Callable[[Snapshot | None], tuple[Snapshot, Stored]]
"""The newest snapshot of a host, None for none → the next one, with the document and signature to store."""


class SnapshotStore(Protocol):
    """Snapshots by host. InputError for what cannot be read or written, HostError for a server that does not answer."""

    @property
    def place(self) -> str:
        """As messages name it."""
        ...

    def list_hosts(self) -> tuple[str, ...]:
        """Hosts that have a snapshot, sorted."""
        ...

    def read(self, host: str) -> Chain:
        """All that is there of one host, unchecked."""
        ...

    def pick(self, host: str, word: str) -> Stored | None:
        """What `word` may mean, without reading all the others; None if only reading all of them tells."""
        ...

    def append(self, host: str, build: Build) -> tuple[Snapshot, str]:
        """Store the next snapshot of a host, and where it lies. Of two that try at once, one waits or is refused."""
        ...

    def prune(self, host: str, keep: int) -> tuple[str, ...]:
        """Take away all but the newest `keep`, and note that; what went."""
        ...

    def rebuild_index(self, host: str) -> int:
        """Make the index anew from what can be read; how many it lists."""
        ...
