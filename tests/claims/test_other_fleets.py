"""Documents of other fleets, in other styles: what is wrong in them is found, and nothing else."""

import json
from pathlib import Path

import pytest

from tests.claims.judging import DOCUMENTS, broken, true

WRONG: dict[str, list[str]] = json.loads((DOCUMENTS.parent / "wrong.json").read_text())
"""File → id and line of everything that is wrong; files that are not in it are right."""
FILES = sorted(DOCUMENTS.iterdir())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_wrong_is_found_and_nothing_else(path: Path) -> None:
    assert sorted(broken(path.read_text(), path.name)) == WRONG.get(path.name, [])


def test_something_is_understood_in_most_of_them() -> None:
    understood = [path.name for path in FILES if true(path.read_text(), path.name) or path.name in WRONG]
    assert len(understood) * 3 >= len(FILES) * 2
