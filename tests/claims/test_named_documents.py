"""Documents that are not of this project, on demand: QTCTL_DOCUMENTS names their folder.

`expected.json`, or the file that QTCTL_DOCUMENTS_EXPECTED names: file → `["QT1102:12", …]`, id and line of all that is
wrong. Files that it does not name are read, and must have a result.
"""

import json
import os
from pathlib import Path

import pytest

from tests.claims.judging import broken

FOLDER = os.environ.get("QTCTL_DOCUMENTS", "")
EXPECTED = os.environ.get("QTCTL_DOCUMENTS_EXPECTED", "")


@pytest.mark.skipif(not FOLDER, reason="QTCTL_DOCUMENTS names no folder of documents")
def test_what_is_wrong_in_them_is_found_and_nothing_else() -> None:
    folder = Path(FOLDER)
    listed = Path(EXPECTED) if EXPECTED else folder / "expected.json"
    expected = json.loads(listed.read_text()) if listed.exists() else {}
    found = {path.name: sorted(broken(path.read_text(), path.name)) for path in sorted(folder.rglob("*.[mj][ds]*"))}
    assert found
    assert {name: found[name] for name in expected} == {name: sorted(those) for name, those in expected.items()}
