"""What qtctl wrote on a host and is no longer declared: retired and renamed units, surplus instances, files.

It is recognised by the mark in its first line, and belongs to the fleet only if it has one of its names: several fleets
may share a host. Nothing else is ever removed, and nothing at all without `--prune`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from qtctl.dialects.systemd.unit_name import get_template, is_template
from qtctl.dialects.systemd.unitfile import parse
from qtctl.meaning.units import is_up
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit, UnitListing
from qtctl.model.generated_facts import GeneratedFiles
from qtctl.model.names import UNIT_DIR
from qtctl.model.plan import Note, NoteKind

UNIT, DROPIN, ENV = "unit", "dropin", "env"
_READ = ("Service", "EnvironmentFile")
_SPECIFIER = re.compile("%.")
_UNDECLARED = "it is no longer declared"
_FOREIGN = (
    "it carries qtctl's mark, and its name matches none of unit_patterns: another fleet's, or declare it retired to "
    "remove it"
)


@dataclass(frozen=True, slots=True)
class LeftFile:
    """`kind`: unit, dropin or env. `unit`: the unit it belongs to, '' for an env file. `seen` as in a step."""

    path: str
    kind: str
    unit: str
    seen: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftUnit:
    """`links`: those that enable it, or are other names for it."""

    unit: str
    why: str
    links: tuple[str, ...]


@dataclass(frozen=True)
class Leftovers:
    """What is left on the host of `facts`, which must hold what `list_needs` asks for."""

    desired: Desired
    facts: Facts

    @cached_property
    def files(self) -> tuple[LeftFile, ...]:
        """Sorted by path; env files last."""
        return (*self._unit_files, *self._list_env_files())

    @cached_property
    def _unit_files(self) -> tuple[LeftFile, ...]:
        found = (self._read_file(path, digest) for path, digest in self._read_marked(UNIT_DIR).files.items())
        return tuple(each for each in found if each is not None and self._is_ours(each))

    @cached_property
    def units(self) -> tuple[LeftUnit, ...]:
        """Units that systemd may have loaded, in stop order: those that start others first."""
        why = {each.unit: each.why for each in self.files if each.kind == UNIT and not is_template(each.unit)}
        gone = {each.unit: each.why for each in self.files if each.kind == UNIT and is_template(each.unit)}
        for name in self._list_seen_names():
            template = get_template(name)
            if template in gone:
                why.setdefault(name, gone[template])
            elif template in self._counted and name not in self._known:
                why.setdefault(name, f"no instance of {template} by this name is declared")
        return tuple(LeftUnit(name, why[name], self._list_links(name)) for name in sorted(why, key=_stop_order))

    @property
    def notes(self) -> Iterator[Note]:
        """What `--prune` would remove, and what looks like it but belongs to another fleet."""
        named = {each.unit for each in self.units}
        for unit in self.units:
            yield Note(NoteKind.LEFT, unit.unit, f"{self._describe_state(unit.unit)}, {unit.why}: --prune removes it")
        for file in self.files:
            if file.kind == ENV or (file.unit not in named and get_template(file.unit) not in named):
                yield Note(NoteKind.LEFT, file.path, f"{file.why}: --prune removes it")
        for path, digest in self._read_marked(UNIT_DIR).files.items():
            found = self._read_file(path, digest)
            if found is not None and not self._is_ours(found):
                yield Note(NoteKind.FOREIGN, path, _FOREIGN)

    def find_unit(self, name: str) -> Unit | None:
        """None if it does not exist, or nobody asked."""
        return self.facts.find(Unit, name)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(name for unit in self.desired.units() for name in unit.names)

    @cached_property
    def _retired(self) -> Mapping[str, str]:
        return {
            each.unit: f"declared retired{f' ({each.why})' if each.why else ''}" for each in self.desired.retired_units
        }

    @cached_property
    def _counted(self) -> frozenset[str]:
        """Templates whose instances are declared one by one.

        Instances that sockets or people start of others are theirs.
        """
        return frozenset(each.template for each in self.desired.units() if each.template)

    def _read_marked(self, folder: str) -> GeneratedFiles:
        return self.facts.read(GeneratedFiles, folder) or GeneratedFiles({}, {})

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(file.path for file in self.desired.files)

    @cached_property
    def _read_by_units(self) -> tuple[str, ...]:
        """Env files that declared units read, whoever writes them: patterns, in which `*` is for what `%i` may be."""
        units = (parse(file.content, file.path) for file in self.desired.files if file.of_unit)
        lines = (line for unit in units for line in unit.directives if (line.section, line.key) == _READ)
        return tuple(sorted({_make_pattern(line.value) for line in lines}))

    @cached_property
    def _read_by_others(self) -> tuple[str, ...]:
        """The same for units on the host that are neither declared nor left over: other fleets', and operators'."""
        gone = {each.path for each in self._unit_files} | self._paths
        found = self._read_marked(UNIT_DIR).env_files.items()
        return tuple(sorted({_make_pattern(name) for path, names in found if path not in gone for name in names}))

    def _read_file(self, path: str, digest: str) -> LeftFile | None:
        """None for a declared file, and for one that systemd does not read."""
        folder, _, name = path.removeprefix(f"{UNIT_DIR}/").rpartition("/")
        if path in self._paths or (folder and not (folder.endswith(".d") and name.endswith(".conf"))):
            return None
        unit = folder.removesuffix(".d") or name
        if not folder and unit in self._known and get_template(unit) in self._counted:
            # The file of a declared instance: see plan/files.py.
            return None
        return LeftFile(
            path, DROPIN if folder else UNIT, unit, f"sha256:{digest}", self._retired.get(unit, _UNDECLARED)
        )

    def _is_ours(self, file: LeftFile) -> bool:
        if file.unit in self._retired or (file.kind == DROPIN and file.unit in self.desired.unit_names()):
            return True
        return any(fnmatchcase(file.unit, pattern) for pattern in self.desired.unit_patterns)

    def _list_env_files(self) -> Iterator[LeftFile]:
        folder = self.desired.env_dir
        if not folder:
            return
        patterns = (*self._read_by_units, *self._read_by_others)
        for path, digest in self._read_marked(folder).files.items():
            read = path in self._paths or any(fnmatchcase(path, each) for each in patterns)
            if not read and path.rpartition("/")[0] == folder and path.endswith(".env"):
                yield LeftFile(path, ENV, "", f"sha256:{digest}", _UNDECLARED)

    def _list_seen_names(self) -> Iterable[str]:
        """Units that are loaded and not just referenced, and those that links enable."""
        listing = self.facts.read(UnitListing, "*") or UnitListing({}, {})
        loaded = {name for name, (_, active, _sub) in listing.units.items() if active != "inactive"}
        enabled = {path.rpartition("/")[2] for path in self._read_marked(UNIT_DIR).links}
        return sorted(loaded | enabled)

    def _list_links(self, unit: str) -> tuple[str, ...]:
        links = self._read_marked(UNIT_DIR).links
        return tuple(path for path, target in links.items() if unit in (_get_name(path), _get_name(target)))

    def _describe_state(self, name: str) -> str:
        found = self.find_unit(name)
        if found is None:
            return "not loaded"
        return "running" if is_up(found.active_state) else found.active_state


def _make_pattern(value: str) -> str:
    return _SPECIFIER.sub("*", value.strip().strip("\"'").lstrip("-"))


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The facts that `Leftovers` needs."""
    retired = (each.unit for each in desired.retired_units if not is_template(each.unit))
    folders = (UNIT_DIR, *((desired.env_dir,) if desired.env_dir else ()))
    return (
        Need(UnitListing.FACT, "*"),
        *(Need(GeneratedFiles.FACT, folder) for folder in folders),
        *(Need(Unit.FACT, unit) for unit in sorted(retired)),
    )


_FIRST = (".timer", ".path", ".socket", ".automount")


def _stop_order(unit: str) -> tuple[int, str]:
    """Units that start others first, so that they do not start them again; targets last."""
    return (0 if unit.endswith(_FIRST) else 2 if unit.endswith(".target") else 1), unit


def _get_name(path: str) -> str:
    return path.rpartition("/")[2]
