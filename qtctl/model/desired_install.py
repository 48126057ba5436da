"""What qtctl puts on a host besides files: code at a commit, and virtual environments from a lock file."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.origin import Origin

STORE = "/opt/qtctl/store"
"""A folder on the host that only root can write; each entry has its own folder, named by digest."""


class InstallKind(StrEnum):
    CODE = "code"
    VENV = "venv"


@dataclass(frozen=True, slots=True)
class DesiredInstall:
    """What the link at `path` must lead to.

    `digest` (SHA-256) covers everything it is made from: for code `commit`; for a venv `lock` (the text of the lock
    file), `python` (the path of its interpreter) and `sources` (whether packages may be built from source).
    """

    kind: InstallKind
    name: str
    path: str
    digest: str
    origin: Origin
    commit: str = ""
    lock: str = ""
    python: str = ""
    sources: bool = False

    @property
    def target(self) -> str:
        """The folder in the store."""
        return f"{STORE}/{self.digest}"

    @property
    def seal(self) -> str:
        """The file beside it with the digest of its content. Without a seal, an entry is unfinished."""
        return f"{self.target}.seal"

    @property
    def text(self) -> str:
        """For example: commit 0123456789ab; a venv of python3.11."""
        if self.kind is InstallKind.CODE:
            return f"commit {self.commit[:12]}"
        return f"venv {self.digest[:12]}"
