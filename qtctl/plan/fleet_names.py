"""Which paths of a host have a name of the fleet: its units, what belongs to them, and files that qtctl declares."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.model.desired import Desired

UNIT_ROOTS = ("/etc/systemd/system", "/etc/systemd/system.control", "/usr/local/lib/systemd/system")
"""Where operators and qtctl install units. What packages install, and what does not survive a boot, is not copied."""
STAMPS = "/var/lib/systemd/timers"
STAMP = "stamp-"
_OF_UNIT = (".d", ".wants", ".requires", ".upholds")
"""Endings of the folders that belong to a unit."""
_OF_LINKS = _OF_UNIT[1:]


@dataclass(frozen=True, slots=True)
class FleetNames:
    """`units`: those that qtctl generates, or that are declared retired. `files`: further files that qtctl writes.

    `guarded`: files that may hold secrets; `made_env`: those of them that qtctl generates, without secrets.
    """

    patterns: tuple[str, ...]
    units: frozenset[str]
    files: frozenset[str]
    env_dir: str
    guarded: frozenset[str]
    made_env: frozenset[str] = frozenset()

    @classmethod
    def of(cls, desired: Desired) -> "FleetNames":
        made = {name for unit in desired.generated_units() for name in unit.names}
        instances = {unit.unit for unit in desired.units() if unit.generated}
        retired = {each.unit for each in desired.retired_units}
        made_env = frozenset(file.path for file in desired.files if file.kind == "env")
        secret = {path for each in desired.services for path in (each.secrets_file, *each.env_files) if path}
        return cls(
            desired.unit_patterns,
            frozenset(made | instances | retired),
            frozenset(file.path for file in desired.files if file.kind not in ("hosts", "env")),
            desired.env_dir,
            frozenset(path.lstrip("-") for path in secret) | made_env,
            made_env,
        )

    def has(self, name: str) -> bool:
        """Whether it is the name of a unit of the fleet, or matches the fleet's patterns."""
        known = name in self.units or get_template(name) in self.units
        return known or any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def owns(self, path: str, target: str = "") -> bool:
        """Whether a backup holds `path`; `target`: of a link. Never a path that is not plain."""
        if explain_trouble(path) or "//" in path or "/./" in f"{path}/":
            return False
        folder, _, name = path.rpartition("/")
        if name.startswith("."):
            return False
        if folder == STAMPS:
            return name.startswith(STAMP) and self.has(name.removeprefix(STAMP))
        return path in self.files or self.may_be_env(path) or self._is_of_unit(path, target)

    def may_be_env(self, path: str) -> bool:
        """Whether it is copied only if qtctl wrote it: others may hold secrets."""
        return path in self.guarded or (bool(self.env_dir) and path.rpartition("/")[0] == self.env_dir)

    def may_be_read(self, path: str) -> bool:
        """Whether the host may be asked for its content at all, even for a digest."""
        return path in self.made_env or not self.may_be_env(path)

    def _is_of_unit(self, path: str, target: str) -> bool:
        root = next((root for root in UNIT_ROOTS if path.startswith(f"{root}/")), None)
        if root is None:
            return False
        match path.removeprefix(f"{root}/").split("/"):
            case [name]:
                return self.has(name) or self._has_folder(name) or self.has(target.rpartition("/")[2])
            case [folder, name]:
                links = folder.endswith(_OF_LINKS)
                return self._has_folder(folder) or (links and self.has(name))
        return False

    def _has_folder(self, name: str) -> bool:
        return any(name.endswith(ending) and self.has(name.removesuffix(ending)) for ending in _OF_UNIT)


def is_in_unit_folder(path: str) -> bool:
    """Whether it lies directly in a folder of units, where every name is that of a unit."""
    return path.rpartition("/")[0] in UNIT_ROOTS


def find_unit(path: str) -> str:
    """The unit that a path in a unit folder is about: its file, a drop-in, a stamp, or a link that pulls it in."""
    folder, _, name = path.rpartition("/")
    if folder == STAMPS:
        return name.removeprefix(STAMP)
    above = folder.rpartition("/")[2]
    return above.removesuffix(".d") if above.endswith(".d") else name.removesuffix(".d")
