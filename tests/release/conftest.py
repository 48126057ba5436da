"""What is built once for all tests of releases."""

from pathlib import Path

import pytest

from tests.gates.installing import clone
from tests.release.building import build


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("source") / "qtctl")


@pytest.fixture(scope="session")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By suffix: `.whl`, `.gz`."""
    return build(source, tmp_path_factory.mktemp("built"), "sdist", "wheel")
