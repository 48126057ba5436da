"""Expected documents, complete, beside the tests. `QTCTL_GOLDENS=write` writes them again, to be read in the diff."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "goldens"


def assert_golden(name: str, text: str, folder: Path = FOLDER) -> None:
    path = folder / name
    if os.environ.get("QTCTL_GOLDENS") == "write":
        folder.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text(), f"{name} differs from its golden"
