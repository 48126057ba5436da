"""A file that a host must have."""

from dataclasses import dataclass

from qtctl.model.desired_original import DesiredOriginal
from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DesiredFile:
    """A file that qtctl generates. `env` marks env files: only their metadata is read, and they are never shown."""

    path: str
    content: bytes
    mode: str
    owner: str
    group: str
    sha256: str
    kind: str
    """unit, dropin, env, sysusers, tmpfiles, cloud-init; hosts: the file with the fleet's block."""
    subject: str
    """The unit that the file makes, or that reads it; for other kinds, its path."""
    origin: Origin
    original: DesiredOriginal | None = None
    """A file that counts as this one too, as long as the registry says the same as when it was adopted."""
    may_be_absent: bool = False
    """Whether having no file at its path is as good."""

    @property
    def of_unit(self) -> bool:
        """Whether systemd reads it as a unit file or part of one. Then its content may be shown."""
        return self.kind in ("unit", "dropin")
