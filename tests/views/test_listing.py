"""Rows of everything declared, held against goldens; a state that a kind cannot have is an error."""

import json
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from qtctl.errors import InputError
from qtctl.flows.views import make_listing
from qtctl.formats.markdown import write_markdown
from qtctl.model.units import Socket, Target, Timer, Unit
from qtctl.reports.document import dump
from qtctl.views.choices import Kind, State
from qtctl.views.listing import STATES, make_page
from qtctl.views.schemas import make_schemas
from tests.builders.registry import changed
from tests.views.golden import same

TIMERS = """
[nightly]
summary = "Every | night"
service = "report"
on_calendar = ["daily"]
on_boot = "5min"
"""
REPORT = """
summary = "Report `of` the day"
state = "on-timer"
type = "oneshot"
run = { kind = "command", argv = ["/bin/true"] }
"""
GONE = 'summary = "Gone"\nstate = "retired"\n'
FILES = changed(timers=TIMERS, services__report=REPORT, services__gone=GONE)


def test_every_kind_as_markdown() -> None:
    same("list.md", "\n".join(write_markdown(make_page(make_listing(FILES, kind, None))) for kind in Kind))


def test_every_kind_as_json() -> None:
    same("list.json", "".join(dump(make_listing(FILES, kind, None)) for kind in Kind))


@pytest.mark.parametrize("kind", Kind)
def test_json_follows_its_schema(kind: Kind) -> None:
    Draft202012Validator(make_schemas()["list"]).validate(json.loads(dump(make_listing(FILES, kind, None))))


def test_a_kind_has_the_states_that_its_table_takes() -> None:
    tables: dict[Kind, type[Unit]] = {Kind.TIMERS: Timer, Kind.TARGETS: Target, Kind.UNITS: Socket}
    for kind, model in tables.items():
        assert set(map(str, STATES[kind])) == set(get_args(model.model_fields["state"].annotation))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
def test_only_what_is_in_the_state_is_listed(kind: Kind, state: State) -> None:
    if state not in STATES[kind]:
        with pytest.raises(InputError, match=f"no {kind} can be {state}"):
            make_listing(FILES, kind, state)
        return
    every = make_listing(FILES, kind, None).rows
    assert make_listing(FILES, kind, state).rows == tuple(row for row in every if row.state == state)
