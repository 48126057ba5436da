"""Code that one host must have."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class DesiredCode:
    """A git checkout at `path`. `commit` '': any. `repo` '': its origin is not declared."""

    name: str
    path: str
    repo: str
    commit: str
    origin: Origin
