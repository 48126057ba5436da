"""Evidence of each schema that was ever released, as it was written: it is read, or refused with a clear reason."""

from pathlib import Path

import pytest

from qtctl.collect.document import dump, load
from qtctl.errors import InputError
from qtctl.model.evidence import EVIDENCE_SCHEMA, State

SAMPLES = sorted((Path(__file__).parent / "evidence-samples").glob("*.json"), key=lambda path: int(path.stem))
"""Named after their schema. A sample is never changed: whoever saved evidence has it like that."""

OF_SCHEMA_1 = 30
"""Kinds of fact when its sample was written."""


def newest() -> str:
    return SAMPLES[-1].read_text("utf-8")


def test_every_schema_has_its_sample() -> None:
    assert [int(path.stem) for path in SAMPLES] == list(range(1, EVIDENCE_SCHEMA + 1))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_what_was_saved_is_read_or_refused_for_its_schema(path: Path) -> None:
    """It fails where a fact lost a field or got one that must be there: give the field a default, or a new schema."""
    text, schema = path.read_text("utf-8"), int(path.stem)
    if schema == EVIDENCE_SCHEMA:
        assert dump(load(text, path.name)) == text
        return
    with pytest.raises(InputError, match=f"evidence of schema {schema}; this qtctl reads {EVIDENCE_SCHEMA}"):
        load(text, path.name)


def test_the_newest_sample_has_every_state_and_the_facts_of_its_day() -> None:
    """Kinds of fact may be added to a schema; none that is in a sample may go."""
    items = load(newest(), "newest").items
    assert {item.state for item in items} == set(State)
    assert len({item.fact for item in items if item.state is State.OBSERVED}) >= OF_SCHEMA_1


@pytest.mark.parametrize("version", [EVIDENCE_SCHEMA + 1, EVIDENCE_SCHEMA - 1, 10**30])
def test_another_schema_is_refused_before_anything_else_of_it_is_read(version: int) -> None:
    text = newest().replace(f'"schema_version": {EVIDENCE_SCHEMA}', f'"schema_version": {version}')
    with pytest.raises(InputError) as caught:
        load(text.replace('"state": "observed"', '"state": "of another kind"'), "saved.json")
    assert caught.value.what == f"evidence of schema {version}; this qtctl reads {EVIDENCE_SCHEMA}"
    assert caught.value.hint == "read it with the qtctl that wrote it"
