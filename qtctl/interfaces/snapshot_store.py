"""Where snapshots are kept: what a folder and a Redis stream have in common."""

from collections.abc import Callable
from typing import Protocol

from qtctl.model.snapshot import Chain, Snapshot, Stored

Build = Callable[[Snapshot | None], tuple[Snapshot, Stored]]
"""The newest snapshot of a host (None if there is none) → the next one, with the document and signature to store."""


class SnapshotStore(Protocol):
    """Snapshots by host. InputError for what cannot be read or written, HostError if a server does not answer."""

    @property
    def place(self) -> str:
        """Its name in messages."""
        ...

    def list_hosts(self) -> tuple[str, ...]:
        """Hosts that have a snapshot, sorted."""
        ...

    def read(self, host: str) -> Chain:
        """Everything that is stored for one host, unchecked."""
        ...

    def pick(self, host: str, word: str) -> Stored | None:
        """What `word` may mean, without reading all the others; None if all of them must be read for that."""
        ...

    def append(self, host: str, build: Build) -> tuple[Snapshot, str]:
        """Store the next snapshot of a host, and return where it is. If two try at once, one waits or is refused."""
        ...

    def prune(self, host: str, keep: int) -> tuple[str, ...]:
        """Remove all but the newest `keep`, and note that; returns what was removed."""
        ...

    def rebuild_index(self, host: str) -> int:
        """Rebuild the index from what can be read; returns how many it lists."""
        ...
