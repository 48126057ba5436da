"""Found files → the documents of a registry and the whole account of how they came about. Pure; nothing is written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qtctl.adopt.book import Book
from qtctl.adopt.originals import Originals, Wish, originals
from qtctl.adopt.plan import Plan, plan
from qtctl.adopt.registry import HostFacts, files, text
from qtctl.adopt.sorted import sort
from qtctl.adopt.tables import Made, made
from qtctl.model.adoption import AdoptedUnit, Found, UnitState


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


def draft(
    found: Iterable[Found], wish: Wish, fleet: str, host: HostFacts, states: Mapping[str, UnitState] | None = None
) -> Draft:
    """`states`: what a live host says of the units; none for a folder."""
    book = Book()
    those = originals(sort(found), wish, book)
    planned = plan(those, fleet, states or {})
    units = tuple(done for each in those.units if not each.masked and (done := made(each, planned, book)) is not None)
    masked = [each for each in those.units if each.masked]
    documents = files(units, planned, masked, host, book)
    texts = {path: text(document) for path, document in sorted(documents.items())}
    return Draft(texts, units, those, planned, book)


def _adopted(each: Made) -> AdoptedUnit:
    path = f"services/{each.name}.toml" if each.kind == "services" else f"{each.kind}.toml#{each.name}"
    state = str(each.table.get("state", "active"))
    return AdoptedUnit(
        each.original.unit, path, each.original.path, state, len(each.entry.typed), len(each.entry.hatch)
    )
