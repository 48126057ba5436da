"""Found files → the documents of a registry and the whole account of how they came about. Pure; nothing is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qtctl.adopt.adoption import AdoptedUnit
from qtctl.adopt.classify_files import sort, with_loaded
from qtctl.adopt.ledger import Book
from qtctl.adopt.merged_units import Original, Originals, Selection, originals
from qtctl.adopt.outside import Outside, externals, others, tell_dropins
from qtctl.adopt.plan import Plan, plan
from qtctl.adopt.registry import HostFacts, externals_of_masked, files, text
from qtctl.adopt.suspect import values
from qtctl.adopt.tables import Made, made, refuse
from qtctl.errors import Place
from qtctl.model.adoption import Found, UnitState
from qtctl.rules.units.misread import QT110
from qtctl.rules.units.refused import QT118


@dataclass(frozen=True, slots=True)
class Draft:
    """A registry that has not been proved yet: path → text, with the units and the book that led to it."""

    texts: Mapping[str, str]
    units: tuple[Made, ...]
    found: Originals
    plan: Plan
    book: Book

    @property
    def adopted(self) -> tuple[AdoptedUnit, ...]:
        return tuple(_adopted(each) for each in self.units)


@dataclass(frozen=True, slots=True)
class Task:
    """What is adopted, into what. `states`: what a live host says of the units; none for a folder.

    `runtime`: files of a live host that are gone at the next boot, or made anew by it.

    `without`: units that turned out to be nothing that a registry can say, and why.
    """

    found: tuple[Found, ...]
    selection: Selection
    fleet: str
    host: HostFacts
    states: Mapping[str, UnitState] = field(default_factory=dict)
    runtime: tuple[Found, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)


def draft(task: Task) -> Draft:
    book, host = Book(), task.host
    sources = with_loaded(sort(task.found), task.states)
    those = _loadable(originals(sources, task.selection, book), task, book)
    book.keep(frozenset(_secrets(those.units)))
    planned = plan(those, task.fleet, task.states)
    units = tuple(done for each in those.units if not each.masked and (done := made(each, planned, book)) is not None)
    masked = [each for each in those.units if each.masked]
    outside = dict(externals_of_masked(masked, planned))
    by_name = frozenset(each.unit for each in sources.instance_links)
    known = Outside(task.runtime, task.selection, frozenset(each.unit for each in masked), by_name)
    outside |= externals(planned, known, book)
    tell_dropins(planned, task.runtime, book)
    for fate in others(task.runtime, book.files):
        book.file(fate)
    documents = files(units, planned, outside, host, book)
    texts = {path: text(document) for path, document in sorted(documents.items())}
    return Draft(texts, units, those, planned, book)


def _secrets(units: Iterable[Original]) -> Iterator[str]:
    """All that looks like a secret in any line of any unit, whether the line counts or not."""
    for each in units:
        held = (one for said in each.merged.held.values() for one in said)
        for said in (*held, *each.merged.replaced, *each.ignored):
            yield from values(said.key, said.value)
        for comment in each.comments:
            yield from values("", comment.text)


def _loadable(found: Originals, task: Task, book: Book) -> Originals:
    """Those that systemd loads and a registry can say. The others are known by a finding."""
    kept = []
    for each in found.units:
        if each.unit in task.without:
            refuse(each, QT110, f"cannot be said in a registry ({task.without[each.unit]})", book)
        elif each.refused:
            first = each.refused[0]
            at = Place(first.given.file, first.given.line.line) if first.given else None
            refuse(each, QT118, f"{first.what}: systemd does not load it", book, at=at)
        else:
            kept.append(each)
    return Originals(tuple(kept), found.linked)


def _adopted(each: Made) -> AdoptedUnit:
    path = f"services/{each.name}.toml" if each.kind == "services" else f"{each.kind}.toml#{each.name}"
    state = str(each.table.get("state", "active"))
    return AdoptedUnit(
        each.original.unit, path, each.original.path, state, len(each.entry.typed), len(each.entry.hatch)
    )
