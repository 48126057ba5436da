"""What a host had where a generated file is declared."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DesiredOriginal:
    """What a host had in place of the file at `path` when the registry was made from it.

    `says`: digest of what that file said then. `files`: path → as `seen_of` words it. `beside`: drop-ins that were in
    force too and that nobody declares. It stops counting once there is a file at `until` ('': never).
    """

    path: str
    says: str
    files: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    until: str
    origin: Origin
