"""Which files of a host are about units that a registry declares, and which of those an operator made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from qtctl.adopt.merged_units import list_levels
from qtctl.adopt.recorded import describe_found
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.model.adoption import Found
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.drift import Drift, DriftFate
from qtctl.model.names import DROP_IN_DIRS

_WINNERS = ("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient")
"""Folders whose unit files override generated ones."""


@dataclass(frozen=True, slots=True)
class HostFiles:
    """`units`: unit → its generated file. `found`: what the host has of them, each once; `bare`: without drop-ins.

    `masked`: unit → the links that mask it. `as_recorded`: units of which the host has the files that originals.toml
    names.
    """

    units: Mapping[str, DesiredFile]
    found: tuple[Found, ...]
    bare: tuple[Found, ...]
    masked: Mapping[str, tuple[str, ...]]
    as_recorded: frozenset[str]
    left: tuple[Drift, ...]

    def map_seen(self, paths: Iterable[str]) -> dict[str, str]:
        """Path → what is there, in the words of a plan."""
        by_path = {each.path: each for each in self.found}
        return {path: seen for each in paths for path, seen in describe_found(by_path[each]).items()}


def select_files(found: Iterable[Found], desired: Desired, deployed: Desired | None) -> HostFiles:
    """Leaves out files in folders that generators and packages write: those are not an operator's."""
    those = tuple(found)
    units = {file.subject: file for file in desired.files if file.of_unit and not file.may_be_absent}
    own = {file.path: unit for unit, file in units.items()}
    files = [each for each in those if each.path in own and each.link is None and not each.problem]
    masked = {own[each.path]: (each.path,) for each in those if each.path in own and _is_mask(each)}
    dropins = tuple(_choose_dropins(those, units, frozenset(own)))
    left = (*_list_left(those, own, units), *_list_missing(units, those, deployed))
    recorded = frozenset(unit for unit, file in units.items() if _is_as_recorded(file, those))
    unmasked = tuple(each for each in files if own[each.path] not in masked)
    return HostFiles(units, (*unmasked, *dropins), unmasked, masked, recorded, left)


def _is_mask(found: Found) -> bool:
    return found.link == "/dev/null" or (found.link is None and not found.problem and not found.content)


def _choose_dropins(found: Iterable[Found], units: Mapping[str, DesiredFile], own: frozenset[str]) -> Iterator[Found]:
    """For each name the one that systemd reads, without empty ones that only hide others."""
    chosen: dict[tuple[str, str], Found] = {}
    for each in sorted(found, key=lambda file: _rank(file.path)):
        path = PurePosixPath(each.path)
        unit = path.parent.name.removesuffix(".d")
        if each.path in own or not _is_dropin(path) or unit not in units:
            continue
        chosen.setdefault((unit, path.name), each)
    for each in chosen.values():
        if not each.problem:
            yield replace(each, link=None, content=b"") if _is_mask(each) else each


def _is_dropin(path: PurePosixPath) -> bool:
    return path.suffix == ".conf" and path.parent.suffix == ".d" and str(path.parent.parent) in DROP_IN_DIRS


def _rank(path: str) -> int:
    folder = str(PurePosixPath(path).parent.parent)
    return DROP_IN_DIRS.index(folder) if folder in DROP_IN_DIRS else len(DROP_IN_DIRS)


def _list_left(found: Iterable[Found], own: Mapping[str, str], units: Mapping[str, DesiredFile]) -> Iterator[Drift]:
    """What belongs to a declared unit, but that its table cannot express."""
    levels = {level: unit for unit in sorted(units) for level in list_levels(unit) if level not in units}
    for each in found:
        path = PurePosixPath(each.path)
        of = path.parent.name.removesuffix(".d")
        if each.path in own and each.link is not None and not _is_mask(each):
            yield _leave(
                own[each.path], "the file", each, "it is a link to an operator's own file: qtctl adopt host reads it"
            )
        elif each.problem and (each.path in own or of in units):
            yield _leave(own.get(each.path, of), "the file", each, f"it could not be read: {each.problem}")
        elif path.name in units and str(path.parent) in _WINNERS:
            why = "systemd reads it in place of the generated file: take it away, or retire the unit"
            yield _leave(path.name, "the file", each, why)
        elif _is_dropin(path) and of in levels:
            what = f"systemd reads it for every unit whose name matches {of}"
            why = f"{what}: declare it for each of them, or in fleet.toml"
            yield _leave(levels[of], "drop-in", each, why)
        elif each.path not in own and not _is_mask(each):
            yield from _list_of_instance(each, units)


def _list_of_instance(found: Found, units: Mapping[str, DesiredFile]) -> Iterator[Drift]:
    """A drop-in or a file of one instance of a declared template."""
    path = PurePosixPath(found.path)
    of = path.parent.name.removesuffix(".d")
    if _is_dropin(path) and get_template(of) in units and of not in units:
        yield _leave(of, "drop-in", found, f"it is for this instance alone: declare it in dropins.toml for {of}")
    elif str(path.parent) in DROP_IN_DIRS and get_template(path.name) in units:
        why = f"systemd reads it in place of {get_template(path.name)}"
        yield _leave(path.name, "the file", found, f"{why}: take it away, or declare what it says in dropins.toml")


def _list_missing(
    units: Mapping[str, DesiredFile], found: Iterable[Found], deployed: Desired | None
) -> Iterator[Drift]:
    """Generated files that someone removed."""
    there = {each.path for each in found}
    were = {file.path for file in deployed.files} if deployed else set()
    for unit, file in sorted(units.items()):
        if file.path in were - there and file.original is None:
            why = "it was removed: declare the unit retired, or deploy it again"
            yield Drift(unit, "the file", (file.path,), DriftFate.LEFT, why=why)


def _leave(unit: str, what: str, found: Found, why: str) -> Drift:
    return Drift(unit, what, (found.path,), DriftFate.LEFT, why=why)


def _is_as_recorded(file: DesiredFile, found: Iterable[Found]) -> bool:
    """Whether the host has exactly the files that the registry was made from."""
    original = file.original
    if original is None:
        return False
    seen = {path: value for each in found for path, value in _describe(each).items()}
    dropins = {
        each.path
        for each in found
        if _is_dropin(PurePosixPath(each.path)) and PurePosixPath(each.path).parent.name == f"{file.subject}.d"
    }
    recorded = dict(original.files)
    return dropins <= recorded.keys() | set(original.beside) and all(seen.get(p) == s for p, s in recorded.items())


def _describe(found: Found) -> dict[str, str]:
    return {found.path: f"link:{found.link}"} if found.link is not None else describe_found(found)
