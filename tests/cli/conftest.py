"""One folder for each test, with evidence that was taken once: of a host that could not be reached."""

import shutil
from pathlib import Path

import pytest

from tests.cli.world import build, qtctl


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build(tmp_path_factory.mktemp("world"))
    ran = qtctl(folder, "audit", "--host", "nowhere.invalid", "--save", "evidence.json")
    assert ran.code == 3, ran.err
    shutil.rmtree(folder / ".lab", ignore_errors=True)
    return folder


@pytest.fixture
def world(pattern: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    shutil.copytree(pattern, folder)
    return folder
