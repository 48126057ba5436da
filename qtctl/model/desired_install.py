"""What qtctl itself puts on a host besides files: code at a commit, and virtual environments from a lock file."""

from dataclasses import dataclass
from enum import StrEnum

from qtctl.model.origin import Origin

STORE = "/opt/qtctl/store"
"""The folder of the host, root's alone to write, in which every one has a folder of its own, by its digest."""


class InstallKind(StrEnum):
    CODE = "code"
    VENV = "venv"


@dataclass(frozen=True, slots=True)
class DesiredInstall:
    """What a link at `path` has to lead to.

    `digest` (SHA-256) is of all that it is made from: code of `commit`; a venv of `lock` (the text of the lock file),
    `python` (the path of its interpreter) and `sources` (whether packages may be built from source).
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
        """The file beside it with the digest of what is in it. One without a seal was not finished."""
        return f"{self.target}.seal"

    @property
    def text(self) -> str:
        """commit 0123456789ab; a venv of python3.11."""
        if self.kind is InstallKind.CODE:
            return f"commit {self.commit[:12]}"
        return f"venv {self.digest[:12]}"
