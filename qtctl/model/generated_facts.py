"""Facts of what qtctl itself has written on a host: found by its mark, whatever the registry says now."""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class GeneratedFiles:
    """Subject: an absolute folder. What it and its subfolders contain.

    `files`: path of each file that carries qtctl's mark → its sha256. `links`: path of each link → its target, as
    written. `env_files`: path of each unit file and drop-in that names env files → what it names, as written.
    """

    FACT: ClassVar[str] = "generated"
    files: dict[str, str]
    links: dict[str, str]
    env_files: dict[str, list[str]] = field(default_factory=dict)
