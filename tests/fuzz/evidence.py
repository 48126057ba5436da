"""Evidence of the small fleet: what a recorded host answered, to the questions that this fleet asks."""

from dataclasses import replace
from functools import cache

from qtctl.adapters.files import locate_shipped, read_text
from qtctl.collect.document import load
from qtctl.flows.declare import Loaded, declare
from qtctl.flows.questions import find_questions
from qtctl.model.evidence import Evidence, Item, Need, State
from tests.cli.world import LEGACY
from tests.fuzz.registries import pack, templates, unpack


@cache
def declared() -> Loaded:
    return declare(unpack(pack({"legacy/docker-compose.toml": LEGACY.encode()})), templates(), "", None)


@cache
def recorded() -> Evidence:
    path = locate_shipped("recorded") / "evidence.json"
    return load(read_text(path), str(path))


@cache
def taken(every: int = 1) -> Evidence:
    """Every need of the small fleet answered as the first of its kind was, but every `every`th (from 2) refused."""
    items = tuple(_answer(need, refused=every > 1 and at % every == 0) for at, need in enumerate(_needs()))
    return with_its_asks(replace(recorded(), host=declared().desired.host, items=items))


def with_its_asks(evidence: Evidence) -> Evidence:
    numbers = {item.ask for item in evidence.items}
    return replace(evidence, asks=tuple(ask for ask in evidence.asks if ask.n in numbers))


def _needs() -> tuple[Need, ...]:
    return find_questions(declared().desired).needs


def _answer(need: Need, *, refused: bool) -> Item:
    same = [item for item in recorded().items if item.fact == need.fact]
    alike = next((item for item in same if item.state is State.OBSERVED), same[0])
    if refused:
        return replace(alike, subject=need.subject, store=need.store, state=State.REFUSED, value=None, reason="no")
    return replace(alike, subject=need.subject, store=need.store)
