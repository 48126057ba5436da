"""One folder for each test, with evidence that was taken once: of a host that could not be reached. The command."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qtctl.cli.main import _run_guarded, _take_debug
from tests.cli.world import Ran, build, qtctl


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


RunHere = Callable[..., Ran]


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """The command in this process: the same but for the start, and ten times as fast."""

    def run(folder: Path, *argv: str) -> Ran:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("QTCTL_STATE", str(folder / ".lab"))
        monkeypatch.delenv("QTCTL_REGISTRY", raising=False)
        debug, rest = _take_debug(list(argv))
        capsys.readouterr()
        code = _run_guarded(rest, debug=debug)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run
