"""Sorted files → units as systemd would put them together: one copy of each, with its drop-ins merged in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from qtctl.adopt.adoption import Fate, FileFate, FileKind
from qtctl.adopt.assignments import At, Merged, merge
from qtctl.adopt.classify_files import DropinSource, Enablement, Sorted, UnitSource, is_unit_file
from qtctl.adopt.duplicate_copies import Rule, make_rule
from qtctl.adopt.encoding import decode
from qtctl.adopt.instances import find_changed, find_hidden
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.names import find_kind
from qtctl.adopt.read import Assignment, Comment, Content, read
from qtctl.dialects.systemd.refusals import Refusal, find_dropin_refusals, find_refusals
from qtctl.dialects.systemd.unit_name import TYPES, get_template
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.errors import InputError, Place
from qtctl.model.adoption import Found
from qtctl.rules.units.refused import QT118


@dataclass(frozen=True, slots=True)
class Selection:
    """How to adopt: `only` are shell patterns of unit names (none: all), `prefer` of paths, `version` of systemd."""

    version: int
    only: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()

    def wants(self, unit: str) -> bool:
        return not self.only or any(fnmatchcase(unit, pattern) for pattern in self.only)


@dataclass(frozen=True, slots=True)
class Original:
    """A unit as it is. `path`: of the copy that is used, or of a drop-in's folder if `foreign`."""

    unit: str
    path: str
    merged: Merged
    comments: tuple[Comment, ...] = ()
    ignored: tuple[Assignment, ...] = ()
    masked: bool = False
    unloadable: bool = False
    """systemd does not load it, because of its encoding."""
    aliases: tuple[str, ...] = ()
    pulled: tuple[Enablement, ...] = ()
    instances: tuple[str, ...] = ()
    changed: tuple[At, ...] = ()
    """Of an instance whose template is adopted: directives that the template's drop-ins set, and that the instance's
    own hid or overrode.
    """
    refused: tuple[Refusal, ...] = ()
    """Why systemd does not load it."""
    foreign: bool = False
    """Only drop-ins of it were found: the unit itself belongs to someone else."""
    read: tuple[str, ...] = ()
    """The paths of all its files."""

    @property
    def kind(self) -> str:
        return "dropins" if self.foreign else find_kind(self.unit)

    def has(self, section: str, key: str) -> bool:
        return (section, key) in self.merged.held

    def list_sections(self) -> frozenset[str]:
        return frozenset(at[0] for at in self.merged.held)


@dataclass(frozen=True, slots=True)
class Originals:
    """By unit name. `linked`: whether there are links that enable units, so that a missing link means something."""

    units: tuple[Original, ...]
    linked: bool


@dataclass(frozen=True, slots=True)
class _Desk:
    """Data shared by all units while they are merged."""

    sources: Sorted
    selection: Selection
    choose: Rule
    ledger: Ledger
    links: dict[str, list[Enablement]] = field(default_factory=dict)
    """Unit → the links that enable it; for a template those of its instances."""
    aliases: dict[str, list[str]] = field(default_factory=dict)
    """Unit → its other names."""

    def __post_init__(self) -> None:
        for link in self.sources.enablements:
            for unit in {link.unit, get_template(link.unit)}:
                self.links.setdefault(unit, []).append(link)
        for alias in self.sources.aliases:
            self.aliases.setdefault(alias.unit, []).append(alias.name)


def merge_units(sources: Sorted, selection: Selection, ledger: Ledger) -> Originals:
    """Every existing unit; the fate of each file goes to `ledger`.

    Units whose file systemd would not load are left out.
    """
    for other in sources.others:
        ledger.note_file(other)
    copies = _group_copies(sources.units, selection, ledger)
    choose = make_rule((source.path for source in sources.units), selection.prefer)
    desk = _Desk(sources, selection, choose, ledger)
    taken = {unit: _choose_copy(those, choose, ledger) for unit, those in sorted(copies.items())}
    assigned = _map_dropins(sources.dropins, taken, selection, ledger)
    found = [
        original
        for unit, source in taken.items()
        if (original := _read_original(source, assigned.get(unit, ()), desk)) is not None
    ]
    for unit in sorted(assigned.keys() - taken.keys()):
        found += _list_foreign(unit, assigned[unit], assigned.get(get_template(unit), ()), desk)
    _note_links(sources, {each.unit for each in found if not each.foreign}, ledger)
    return Originals(tuple(found), linked=bool(sources.enablements))


def _group_copies(units: Iterable[UnitSource], selection: Selection, ledger: Ledger) -> dict[str, list[UnitSource]]:
    copies: dict[str, list[UnitSource]] = {}
    for source in units:
        if selection.wants(source.unit):
            copies.setdefault(source.unit, []).append(source)
        else:
            ledger.note_file(_build_fate(source, taken=False, why="not among the units that were asked for"))
    return copies


def _choose_copy(copies: Sequence[UnitSource], choose: Rule, ledger: Ledger) -> UnitSource:
    first, why = choose.choose(copies)
    ledger.note_file(_build_fate(first, taken=True, why=why))
    for copy in copies:
        if copy is first:
            continue
        if copy.content == first.content:
            said = f"the same as {first.path}"
        else:
            said = f"another copy, with another {_list_differing(first, copy)}; {first.path} was adopted: {why}"
            what = f"{first.path} was adopted ({why}), not this one, which has another {_list_differing(first, copy)}"
            ledger.tell(copy.unit, what, "--prefer chooses another", at=Place(copy.path))
        ledger.note_file(_build_fate(copy, taken=False, why=said))
        for number in range(1, copy.content.count(b"\n") + 1):
            ledger.note_line(copy.path, number, Fate.COPY)
    return first


def _list_differing(first: UnitSource, copy: UnitSource) -> str:
    """The directives in which two copies differ, never their values."""
    try:
        one, other = (merge_effective(parse(decode(each.content).text, each.path)) for each in (first, copy))
    except InputError:
        return "text"
    keys = [f"{key}=" for section, key in {**one, **other} if one.get((section, key)) != other.get((section, key))]
    return " ".join(dict.fromkeys(keys)) or "layout"


def _map_dropins(
    dropins: Iterable[DropinSource], taken: Mapping[str, UnitSource], selection: Selection, ledger: Ledger
) -> dict[str, list[DropinSource]]:
    """Unit → drop-ins that systemd would read for it; including units that were not found."""
    those = tuple(dropins)
    ours = {level for unit in taken for level in list_levels(unit)}
    foreign = {each.of for each in those if is_unit_file(each.of) and each.of not in ours and selection.wants(each.of)}
    found: dict[str, list[DropinSource]] = {}
    readers = _map_readers({*taken, *foreign})
    for each in those:
        units = readers.get(each.of, ())
        units = [unit for unit in units if each.of == unit or unit in taken or get_template(unit) not in taken]
        why = f"merged into {', '.join(units)}" if units else "belongs to no unit that was adopted"
        ledger.note_file(FileFate(each.path, FileKind.DROPIN, each.of, bool(units), why))
        if each.of in TYPES and units:
            what = f"is read for every {each.of} of a host; here it is merged into those that were adopted"
            ledger.tell(f"{each.of}.d", what, at=Place(each.path))
        for unit in units:
            found.setdefault(unit, []).append(each)
    return found


def _map_readers(units: Iterable[str]) -> dict[str, list[str]]:
    """Name of a drop-in folder → the units for which systemd reads it."""
    found: dict[str, list[str]] = {}
    for unit in sorted(units):
        for level in list_levels(unit):
            found.setdefault(level, []).append(unit)
    return found


def list_levels(unit: str) -> tuple[str, ...]:
    """The names whose drop-ins systemd reads for a unit, the most specific first."""
    stem, _, kind = unit.rpartition(".")
    found = [unit]
    head, at, _ = stem.partition("@")
    if at and not stem.endswith("@"):
        found.append(f"{head}@.{kind}")
    parts = head.split("-")
    found += [f"{'-'.join(parts[:end])}-.{kind}" for end in range(len(parts) - 1, 0, -1)]
    return tuple(dict.fromkeys((*found, kind)))  # user-.slice is its own prefix


def _order_dropins(unit: str, dropins: Sequence[DropinSource], desk: _Desk) -> Iterator[DropinSource]:
    """By name, as systemd reads them; of the same name the most specific, then as copies of units are chosen."""
    rank = {of: n for n, of in enumerate(list_levels(unit))}
    by_name: dict[str, list[DropinSource]] = {}
    for each in dropins:
        by_name.setdefault(each.name, []).append(each)
    for name in sorted(by_name):
        best = min(rank[each.of] for each in by_name[name])
        first, why = desk.choose.choose([each for each in by_name[name] if rank[each.of] == best])
        yield first
        for each in by_name[name]:
            if each is not first:
                reason = why if rank[each.of] == best else f"{first.of} has one of this name"
                desk.ledger.tell(unit, f"{each.path} was not adopted: {reason}, {first.path}", at=Place(each.path))


def _read_original(source: UnitSource, dropins: Sequence[DropinSource], desk: _Desk) -> Original | None:
    unit = source.unit
    links = tuple(desk.links.get(unit, ()))
    aliases = tuple(dict.fromkeys(desk.aliases.get(unit, ())))
    if source.masked:
        desk.ledger.tell(unit, "is masked: systemd refuses to start it", at=Place(source.path))
        return Original(unit, source.path, Merged({}, ()), masked=True)
    content = read(source.content, source.path, unit, desk.selection.version, desk.ledger)
    if content is None:
        return None
    ordered = tuple(_order_dropins(unit, dropins, desk))
    contents = [content, *_read_contents(unit, ordered, desk)]
    refused = _find_refusals(unit, contents, desk)
    template = unit.partition("@")[2].startswith(".")
    instances = desk.sources.list_instances(unit) if template else ()
    merged = _merge(contents, desk.ledger)
    return Original(
        unit,
        source.path,
        merged,
        *_collect_asides(contents),
        unloadable=content.unloadable,
        aliases=aliases,
        pulled=links,
        instances=instances,
        read=(source.path, *(each.path for each in ordered)),
        refused=refused,
    )


def _find_refusals(unit: str, contents: Sequence[Content], desk: _Desk) -> tuple[Refusal, ...]:
    """Why systemd does not load it. If it loads it with a different meaning, that is reported here."""
    whole, *dropins = [each.file for each in contents]
    found = find_refusals(unit, whole, desk.selection.version, dropins)
    _report_untaken(unit, found, desk.ledger)
    return tuple(each for each in found if not each.loads)


def _report_untaken(unit: str, found: Iterable[Refusal], ledger: Ledger) -> None:
    for each in found:
        if each.loads and each.sure and each.given:
            at = Place(each.given.file, each.given.line.line)
            ledger.note_error(QT118, unit, each.what, each.remedy, at=at)


def _read_contents(unit: str, ordered: Sequence[DropinSource], desk: _Desk) -> Iterator[Content]:
    for each in ordered:
        content = read(each.content, each.path, unit, desk.selection.version, desk.ledger)
        if content is not None:
            yield content


def _list_foreign(
    unit: str, dropins: Sequence[DropinSource], merged_before: Sequence[DropinSource], desk: _Desk
) -> Iterator[Original]:
    """`merged_before`: what is merged into the template of this instance."""
    others = [each for each in merged_before if each not in dropins]
    for each in find_hidden(dropins, others):
        what = (
            f"{unit} has a drop-in of the name of {each.path}, which is merged into the template and cannot be hidden"
        )
        desk.ledger.tell(unit, what, "see what it sets differently", at=Place(dropins[0].path))
    ordered = tuple(_order_dropins(unit, dropins, desk))
    contents = list(_read_contents(unit, ordered, desk))
    for content in contents:
        _report_untaken(unit, find_dropin_refusals(unit, content.file, desk.selection.version), desk.ledger)
    if contents:
        merged = _merge(contents, desk.ledger, resets=True)
        folder = str(PurePosixPath(dropins[0].path).parent)
        at = find_changed(dropins, others)
        files = tuple(each.path for each in ordered)
        yield Original(unit, folder, merged, *_collect_asides(contents), changed=at, foreign=True, read=files)


def _collect_asides(contents: Iterable[Content]) -> tuple[tuple[Comment, ...], tuple[Assignment, ...]]:
    """Comments, and lines that systemd ignores."""
    those = tuple(contents)
    comments = tuple(comment for each in those for comment in each.comments)
    return comments, tuple(said for each in those for said in each.ignored)


def _merge(contents: Iterable[Content], ledger: Ledger, *, resets: bool = False) -> Merged:
    merged = merge((said for content in contents for said in content.said), resets=resets)
    for each in merged.replaced:
        ledger.note_line(each.path, each.line, Fate.REPLACED, f"{each.key}=")
    return merged


def _note_links(sources: Sorted, adopted: set[str], ledger: Ledger) -> None:
    for alias in sources.aliases:
        taken = alias.unit in adopted
        why = f"another name of {alias.unit}" + ("" if taken else ", which was not adopted")
        ledger.note_file(FileFate(alias.path, FileKind.LINK, alias.unit, taken, why))
    for named in sources.instance_links:
        template = get_template(named.unit)
        why = f"names {named.unit}, an instance of {template}"
        why += "" if template in adopted else ", which was not adopted"
        ledger.note_file(FileFate(named.path, FileKind.LINK, named.unit, template in adopted, why))
    for link in sources.enablements:
        taken = link.unit in adopted or get_template(link.unit) in adopted
        why = f"{link.puller} pulls in {link.unit}" + ("" if taken else ", which was not adopted")
        ledger.note_file(FileFate(link.path, FileKind.LINK, link.unit, taken, why))


def _build_fate(source: UnitSource, *, taken: bool, why: str) -> FileFate:
    return FileFate(source.path, FileKind.UNIT, source.unit, taken, why)


def list_sources(found: Iterable[Found]) -> tuple[str, ...]:
    """The paths of all files, sorted."""
    return tuple(sorted(each.path for each in found))


__all__ = ["At", "Original", "Originals", "Selection", "list_levels", "list_sources", "merge_units"]
