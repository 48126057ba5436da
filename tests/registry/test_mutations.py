"""One mistake is one error: on its line, naming the key, in words of TOML and of systemd, with what was meant.

A sample: all 18,000 mutations of the models alone take a minute.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.registry.mutations import Mutation, of_models, of_references, of_shipped

FEWEST = {"models": 1000, "shipped": 60, "references": 40, "pairs": 20}
TIES = {"memory_zwap_max", "on_unit_nactive"}
"""Slips of one key that are as near to another."""
_PARSERS_OWN = re.compile(
    r"[Ii]nput should|valid (string|integer|boolean)|function-|\b(tuple|str|int|bool|dictionary|union)\b|"
    r"None|pattern\b|'\^|constrained|\[key\]|Value error"
)
"""Words of Python and pydantic."""


def faults(mutation: Mutation) -> Iterator[str]:
    errors = _errors(mutation)
    if len(errors) != 1:
        yield f"{len(errors)} errors: {[str(each) for each in errors]}"
        return
    error = errors[0]
    if error.place is None or (error.place.file, error.place.line) != (mutation.file, mutation.line):
        yield f"placed at {error.place}, not at {mutation.file}:{mutation.line}: {error}"
    if mutation.says not in error.what:
        yield f"does not name {mutation.says}: {error}"
    tied = mutation.says.rpartition(".")[2] in TIES
    if mutation.near and not tied and (mutation.near not in error.hint or "did you mean" not in error.hint):
        yield f"does not suggest {mutation.near}: {error}"
    if _PARSERS_OWN.search(str(error).replace(mutation.says, "")):
        yield f"speaks of the parser: {error}"


def _errors(mutation: Mutation) -> tuple[InputError, ...]:
    try:
        load(mutation.files)
    except InputErrors as error:
        return error.errors
    return ()


MUTATIONS: dict[str, Callable[[], Iterator[Mutation]]] = {
    "models": lambda: of_models(every=15),
    "shipped": lambda: of_shipped(every=60),
    "references": lambda: of_references(every=5),
}


@pytest.mark.parametrize("kind", MUTATIONS)
def test_one_mistake_is_one_error(kind: str) -> None:
    wrong, count = [], 0
    for mutation in MUTATIONS[kind]():
        count += 1
        wrong += [f"{mutation.what}: {fault}" for fault in faults(mutation)]
    assert count >= FEWEST[kind]
    assert wrong == []


def test_a_mistake_in_one_file_hides_none_in_another() -> None:
    """What cannot be read, and a name that leads nowhere elsewhere: both errors, and no third that follows from one."""
    wrong, count = [], 0
    for schema, reference in pairs():
        files = {**schema.files, reference.file: reference.files[reference.file]}
        alone = {str(each) for mutation in (schema, reference) for each in _errors(mutation)}
        both = [str(each) for each in _errors(replace(schema, files=files))]
        count += 1
        if len(both) != len(alone) or set(both) != alone:
            wrong.append(f"{schema.what} and {reference.what}: {both}")
    assert count >= FEWEST["pairs"]
    assert wrong == []


def pairs() -> Iterator[tuple[Mutation, Mutation]]:
    references = list(of_references(every=7))
    for number, schema in enumerate(of_shipped(every=131)):
        reference = references[number % len(references)]
        # What cannot be read suggests itself no more.
        if reference.file != schema.file and Path(schema.file).stem != reference.near:
            yield schema, reference
