"""Which hosts a command is for, as its options say it."""

from dataclasses import dataclass

from qtctl.dialects.endpoints import TAG_SIGN, is_host_glob


@dataclass(frozen=True, slots=True)
class HostSelection:
    """`names` and `exclude`: names of hosts, globs, and tags with their sign (`@workers`), as they were given.

    `every`: all hosts of the registry. `most`: how many hosts may be selected; None for any number.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    exclude: tuple[str, ...] = ()
    most: int | None = None

    @property
    def given(self) -> bool:
        """Whether any option selects or excludes hosts."""
        return bool(self.names or self.every or self.exclude)

    @property
    def single(self) -> str | None:
        """The host, if only one is named as it is: then the registry need not be asked which hosts are meant."""
        if self.every or self.exclude or len(self.names) != 1 or is_pattern(self.names[0]):
            return None
        return self.names[0]


def is_pattern(name: str) -> bool:
    """Whether it stands for any number of hosts of the registry: a glob, or a tag with its sign."""
    return name.startswith(TAG_SIGN) or is_host_glob(name)
