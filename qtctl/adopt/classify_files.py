"""Found files → units, drop-ins, links and other files, by their names as systemd does."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from qtctl.adopt.adoption import FileFate, FileKind
from qtctl.dialects.systemd.unit_name import TYPES, is_valid, strip_type
from qtctl.model.adoption import Found

NO_FILES = ("device", "scope")
"""Types of units that have no files."""
OUR_UNITS = frozenset({"qtctl-restore.service", "qtctl-restore-verify.service"})
"""What a deploy leaves on a host for itself: not part of a fleet."""
PULLS = {".wants": "WantedBy", ".requires": "RequiredBy", ".upholds": "UpheldBy"}
_NULL = "/dev/null"
_LEFTOVER = re.compile(r"(\.(bak|old|orig|save|disabled|backup|swp|tmp|rpmnew|rpmsave|dpkg-[a-z]+|ucf-[a-z]+)|~)[^/]*$")

_CONNECTION = re.compile(r"[0-9]+-([0-9]+-[0-9]+(_[0-9]+)?|.+:[0-9]+-.+:[0-9]+|unknown)")
"""systemd's names for instances of a socket with Accept=: number, and process or addresses."""


@dataclass(frozen=True, slots=True)
class UnitSource:
    """A unit file. `masked`: it is empty, or a link to /dev/null."""

    unit: str
    path: str
    content: bytes = b""
    masked: bool = False


@dataclass(frozen=True, slots=True)
class DropinSource:
    """`of`: a unit, a template, a prefix (`foo-.service`), or a type (`service`)."""

    of: str
    path: str
    content: bytes

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


@dataclass(frozen=True, slots=True)
class Alias:
    name: str
    unit: str
    path: str


@dataclass(frozen=True, slots=True)
class InstanceLink:
    """An instance that a link gives its own name: `zq-w@four.service` → `zq-w@.service`."""

    unit: str
    path: str


@dataclass(frozen=True, slots=True)
class Enablement:
    """`puller` pulls `unit` in; `by` is the [Install] directive that such a link is made from."""

    puller: str
    unit: str
    by: str
    path: str


@dataclass(frozen=True, slots=True)
class Sorted:
    units: tuple[UnitSource, ...]
    dropins: tuple[DropinSource, ...]
    aliases: tuple[Alias, ...]
    enablements: tuple[Enablement, ...]
    instance_links: tuple[InstanceLink, ...]
    others: tuple[FileFate, ...]
    loaded: tuple[str, ...] = ()
    """Instances that a live host has loaded or enabled, whatever made them."""

    def list_instances(self, template: str) -> tuple[str, ...]:
        """The instances of a template that links enable, or that a live host has."""
        head, _, tail = template.partition("@")
        found = {*(each.unit for each in self.enablements), *self.loaded}
        named = (name[len(head) + 1 : -len(tail)] for name in sorted(found) if _is_instance(name, head, tail))
        return tuple(name for name in named if name)


def classify(found: Iterable[Found]) -> Sorted:
    """Each file in its place, by path."""
    kinds = (UnitSource, DropinSource, Alias, Enablement, InstanceLink, FileFate)
    parts: dict[type, list[object]] = {kind: [] for kind in kinds}
    for each in sorted(found, key=lambda file: file.path):
        placed = _classify(each)
        parts[type(placed)].append(placed)
    by_kind = (tuple(parts[kind]) for kind in kinds)
    placed_files = Sorted(*by_kind)  # type: ignore[arg-type]  # each list holds its own type
    return replace(placed_files, aliases=tuple(_resolve_aliases(placed_files.aliases)))


def add_loaded(sources: Sorted, loaded: Iterable[str]) -> Sorted:
    """With the instances among the units that a live host knows.

    Without those that only have a link of their own name: systemd calls them enabled, but nothing pulls them in, which
    no registry can express for an instance.
    """
    pulled = {each.unit for each in sources.enablements}
    by_name = {each.unit for each in sources.instance_links} - pulled
    return replace(sources, loaded=tuple(unit for unit in loaded if is_lasting(unit) and unit not in by_name))


def is_lasting(unit: str) -> bool:
    """Whether someone named the instance: not one that a socket with Accept= made for a connection."""
    name = unit.rpartition(".")[0].partition("@")[2]
    return bool(name) and not _CONNECTION.fullmatch(name)


def _resolve_aliases(aliases: tuple[Alias, ...]) -> Iterator[Alias]:
    """Each alias with the unit at the end of its links, which may form chains."""
    next_of = {alias.name: alias.unit for alias in aliases}
    for alias in aliases:
        unit = alias.unit
        for _ in range(len(aliases)):
            unit = next_of.get(unit, unit)
        yield replace(alias, unit=unit)


def _classify(file: Found) -> UnitSource | DropinSource | Alias | Enablement | InstanceLink | FileFate:
    path = PurePosixPath(file.path)
    if file.problem or path.name in OUR_UNITS:
        ours = "qtctl's own: it ends a deploy that was cut short"
        return _build_other_fate(file, f"cannot be read: {file.problem}" if file.problem else ours)
    folder = path.parent.name
    if folder.endswith(".d") and _takes_dropins(folder.removesuffix(".d")):
        return _classify_dropin(file, folder.removesuffix(".d"))
    pull = next((suffix for suffix in PULLS if folder.endswith(suffix)), None)
    if pull and is_valid(folder.removesuffix(pull)):
        return _classify_pull(file, folder.removesuffix(pull), PULLS[pull])
    if not is_unit_file(path.name):
        return _build_other_fate(file, _explain_none(path.name))
    if file.link is not None:
        return _classify_link(file, path.name)
    return UnitSource(path.name, file.path, file.content, masked=not file.content)


def is_unit_file(name: str) -> bool:
    """Whether systemd treats a file of this name as a unit."""
    return is_valid(name) and name.rpartition(".")[2] not in NO_FILES and not name.startswith("@")


def _takes_dropins(name: str) -> bool:
    return name in TYPES or is_valid(name)


def _classify_dropin(file: Found, of: str) -> DropinSource | FileFate:
    if not file.path.endswith(".conf"):
        return _build_other_fate(
            file, "in a folder of drop-ins, and its name does not end with .conf: systemd ignores it", of
        )
    if file.link == _NULL:
        return _build_other_fate(file, "a drop-in that is masked", of)
    if file.link is not None:
        return _build_other_fate(file, f"a link to {file.link}, which is outside the folders that were searched", of)
    return DropinSource(of, file.path, file.content)


def _classify_pull(file: Found, puller: str, by: str) -> Enablement | FileFate:
    name = PurePosixPath(file.path).name
    if not is_valid(name):
        return _build_other_fate(file, "not the name of a unit: systemd ignores it", puller)
    if file.link is None:
        return _build_other_fate(file, "is not a link: systemd ignores it", puller)
    if file.link == _NULL:
        return _build_other_fate(file, "masked: it is not pulled in", puller)
    return Enablement(puller, name, by, file.path)


def _classify_link(file: Found, name: str) -> UnitSource | Alias | InstanceLink | FileFate:
    target = str(file.link)
    if target == _NULL:
        return UnitSource(name, file.path, masked=True)
    to = PurePosixPath(target).name
    if not is_unit_file(to):
        return _build_other_fate(file, f"a link to {target}, which is not a unit file", name)
    if _is_instance(name, *to.partition("@")[::2]):
        return InstanceLink(name, file.path)
    if to == name:
        return _build_other_fate(file, f"a link to {target}: no file of its own", name)
    if to.rpartition(".")[2] != name.rpartition(".")[2]:
        return _build_other_fate(file, f"a link to {target}, a unit of another type: systemd ignores it", name)
    return Alias(name, to, file.path)


def _is_instance(name: str, head: str, tail: str) -> bool:
    """Whether `name` is an instance of the template head@tail."""
    return bool(tail) and name.startswith(f"{head}@") and name.endswith(tail) and len(name) > len(head) + 1 + len(tail)


def _explain_none(name: str) -> str:
    suffix = name.rpartition(".")[2]
    if suffix in NO_FILES and is_valid(name):
        return f"systemd creates units of type {suffix} itself"
    if suffix in TYPES and strip_type(name):
        return "systemd accepts no unit of this name"
    if _LEFTOVER.search(name):
        return "a leftover: systemd ignores files of such names"
    return "not the name of a unit"


def _build_other_fate(file: Found, why: str, unit: str = "") -> FileFate:
    kind = FileKind.OTHER if file.link is None else FileKind.LINK
    return FileFate(file.path, kind, unit, taken=False, why=why)


def list_names(sources: Sorted) -> Iterator[str]:
    """Every unit that has a file, each once."""
    yield from dict.fromkeys(source.unit for source in sources.units)
