"""Found files → the documents of a registry and a full account of how they were made. Pure; nothing is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qtctl.adopt.adoption import AdoptedUnit
from qtctl.adopt.base_units import warn_of_base_units
from qtctl.adopt.classify_files import add_loaded, classify
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.merged_units import Original, Originals, Selection, merge_units
from qtctl.adopt.outside import Outside, list_externals, list_others, tell_dropins
from qtctl.adopt.plan import Plan, plan
from qtctl.adopt.registry import HostFacts, build_files, list_masked, write_text
from qtctl.adopt.suspect import list_suspects
from qtctl.adopt.tables import Made, make_table, refuse
from qtctl.errors import Place
from qtctl.model.adoption import Found, UnitState
from qtctl.rules.units.misread import QT110
from qtctl.rules.units.refused import QT118


@dataclass(frozen=True, slots=True)
class Draft:
    """A registry that has not been proved yet: path → text, with its units and ledger."""

    texts: Mapping[str, str]
    units: tuple[Made, ...]
    found: Originals
    plan: Plan
    ledger: Ledger

    @property
    def adopted(self) -> tuple[AdoptedUnit, ...]:
        return tuple(_describe_adopted(each) for each in self.units)


@dataclass(frozen=True, slots=True)
class Task:
    """What is adopted, and into what. `states`: of the units on a live host; none for a folder.

    `runtime`: files of a live host that disappear at the next boot, or are created again by it.

    `without`: units that no registry can express, and why.
    """

    found: tuple[Found, ...]
    selection: Selection
    fleet: str
    host: HostFacts
    states: Mapping[str, UnitState] = field(default_factory=dict)
    runtime: tuple[Found, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)


def draft_registry(task: Task) -> Draft:
    ledger, host = Ledger(), task.host
    sources = add_loaded(classify(task.found), task.states)
    those = _keep_loadable(merge_units(sources, task.selection, ledger), task, ledger)
    ledger.keep(frozenset(_list_secrets(those.units)))
    planned = plan(those, task.fleet, task.states)
    units = tuple(
        done for each in those.units if not each.masked and (done := make_table(each, planned, ledger)) is not None
    )
    masked = [each for each in those.units if each.masked]
    outside = dict(list_masked(masked, planned))
    by_name = frozenset(each.unit for each in sources.instance_links)
    if not task.states:
        warn_of_base_units(units, ledger)
    known = Outside(task.runtime, task.selection, frozenset(each.unit for each in masked), by_name)
    outside |= list_externals(planned, known, ledger)
    tell_dropins(planned, task.runtime, ledger)
    for fate in list_others(task.runtime, ledger.files):
        ledger.note_file(fate)
    documents = build_files(units, planned, outside, host, ledger)
    texts = {path: write_text(document) for path, document in sorted(documents.items())}
    return Draft(texts, units, those, planned, ledger)


def _list_secrets(units: Iterable[Original]) -> Iterator[str]:
    """Everything that looks like a secret in any line of any unit, whether or not the line counts."""
    for each in units:
        held = (one for said in each.merged.held.values() for one in said)
        for said in (*held, *each.merged.replaced, *each.ignored):
            yield from list_suspects(said.key, said.value)
        for comment in each.comments:
            yield from list_suspects("", comment.text)


def _keep_loadable(found: Originals, task: Task, ledger: Ledger) -> Originals:
    """Units that systemd loads and a registry can express. The others get a finding."""
    kept = []
    for each in found.units:
        if each.unit in task.without:
            refuse(each, QT110, f"cannot be expressed in a registry ({task.without[each.unit]})", ledger)
        elif each.refused:
            first = each.refused[0]
            at = Place(first.given.file, first.given.line.line) if first.given else None
            refuse(each, QT118, f"{first.what}: systemd does not load it", ledger, at=at)
        else:
            kept.append(each)
    return Originals(tuple(kept), found.linked)


def _describe_adopted(each: Made) -> AdoptedUnit:
    path = f"services/{each.name}.toml" if each.kind == "services" else f"{each.kind}.toml#{each.name}"
    state = str(each.table.get("state", "active"))
    return AdoptedUnit(
        each.original.unit, path, each.original.path, state, len(each.entry.typed), len(each.entry.hatch)
    )
