"""The architecture is a test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LONGEST_MODULE = 400


def test_floors_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_module_is_too_long() -> None:
    long = {path: lines for path in (ROOT / "qtctl").rglob("*.py") if (lines := _lines(path)) > LONGEST_MODULE}
    assert long == {}


def test_packages_are_empty() -> None:
    assert [path for path in (ROOT / "qtctl").rglob("__init__.py") if path.read_text()] == []


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
