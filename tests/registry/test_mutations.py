"""One mistake is one error: on its line, naming the key, in words of TOML and of systemd, with what was meant.

A sample: all 18,000 mutations of the models alone take a minute.
"""

import re
from collections.abc import Callable, Iterator

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.registry.mutations import Mutation, of_models, of_references, of_shipped

FEWEST = {"models": 1000, "shipped": 100, "references": 40}
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
    "shipped": lambda: of_shipped(every=35),
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
