"""One mistake is one error: on its line, naming the key, in words of TOML and of systemd, with what was meant."""

import re
from collections.abc import Iterator

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.registry.mutations import Mutation, of_models, of_references, of_shipped

FEWEST = {"models": 5000, "shipped": 150, "references": 60}
_PYDANTIC = re.compile(r"[Ii]nput should|valid (tuple|string|dictionary|integer|boolean)|function-|\btuple\b|\bstr\b|\bint\b|\bbool\b|"
                       r"NoneType|None\b|pattern|'\^|constrained|\[key\]|Value error|dictionary|union")  # fmt: skip


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
    if mutation.near and (mutation.near not in error.hint or "did you mean" not in error.hint):
        yield f"does not suggest {mutation.near}: {error}"
    if _PYDANTIC.search(str(error).replace(mutation.says, "")):
        yield f"speaks of the parser: {error}"


def _errors(mutation: Mutation) -> tuple[InputError, ...]:
    try:
        load(mutation.files)
    except InputErrors as error:
        return error.errors
    return ()


MUTATIONS = {
    "models": of_models,
    "shipped": lambda: of_shipped(every=16),
    "references": lambda: of_references(every=4),
}


@pytest.mark.parametrize("kind", MUTATIONS)
def test_one_mistake_is_one_error(kind: str) -> None:
    wrong, count = [], 0
    for mutation in MUTATIONS[kind]():
        count += 1
        wrong += [f"{mutation.what}: {fault}" for fault in faults(mutation)]
    assert count >= FEWEST[kind]
    assert wrong == []
