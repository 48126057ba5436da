"""Where a declared value comes from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """A node in a registry file: `file` relative to the registry, `path` the TOML keys that lead to it.

    The line is looked up only when something has to be shown (registry.places), never while loading.
    """

    file: str
    path: tuple[str, ...] = ()

    def at(self, *keys: str) -> "Origin":
        return Origin(self.file, (*self.path, *keys))

    def __str__(self) -> str:
        return f"{self.file}#{'.'.join(self.path)}" if self.path else self.file
