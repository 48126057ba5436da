"""Where the secrets of services are on a host, and whether they are there. No value is in any of these."""

from dataclasses import dataclass
from enum import StrEnum


class SecretKind(StrEnum):
    KEY = "key"
    """A key of a secrets file (`secrets.env_file`)."""
    CREDENTIAL = "credential"
    """A file that systemd shows to the service (`secrets.credentials`)."""
    ENCRYPTED = "encrypted"
    """A credential that systemd decrypts (`secrets.encrypted`)."""


class SecretState(StrEnum):
    PRESENT = "present"
    EMPTY = "empty"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """One declared secret.

    `services`: those that get it; a key that several services have in one file is one secret.
    """

    name: str
    kind: SecretKind
    path: str
    services: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key in the file; '' if the file is the secret."""
        return self.name if self.kind is SecretKind.KEY else ""


@dataclass(frozen=True, slots=True)
class SecretFound:
    """One secret on the host. `owner`, `group`, `mode`: of its file, '' if there is none.

    `problems`: anything else that is wrong: its mode or owner, or others who could replace it.
    """

    place: SecretPlace
    state: SecretState
    owner: str = ""
    group: str = ""
    mode: str = ""
    problems: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.state is SecretState.PRESENT and not self.problems
