"""The root that is staged for systemd-analyze: made, used, gone."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from qtctl.adapters.analyze import LocalAnalyze
from qtctl.errors import HostError
from qtctl.model.tree import Tree, TreeDir, TreeFile

TREE = Tree(dirs=(TreeDir("/srv/a"),), files=(TreeFile("/etc/x", b"x"), TreeFile("/usr/bin/y", b"#!/bin/sh\n", 0o755)))


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made. tempfile has its mind made up already: it is told again."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path / "scratch"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemd-analyze of our own, first in PATH."""
    path = tmp_path / "bin" / "systemd-analyze"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def write(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_root_with_all_that_is_in_the_tree_and_gone_after(scratch: Path) -> None:
    with LocalAnalyze().stage(TREE) as staged:
        root = Path(staged.root)
        assert (root / "etc/x").read_bytes() == b"x"
        assert (root / "usr/bin/y").stat().st_mode & 0o777 == 0o755
        assert (root / "srv/a").is_dir()
        assert root.parent.stat().st_mode & 0o777 == 0o700
        assert root.is_relative_to(scratch)
    assert list(scratch.iterdir()) == []


def test_it_is_gone_after_an_error_too(scratch: Path) -> None:
    with pytest.raises(KeyboardInterrupt), LocalAnalyze().stage(TREE):
        raise KeyboardInterrupt
    assert list(scratch.iterdir()) == []


def test_a_tree_that_cannot_be_laid(scratch: Path) -> None:
    clash = Tree(files=(TreeFile("/opt/a", b""), TreeFile("/opt/a/b", b"")))
    with (
        pytest.raises(HostError, match="no root folder for systemd-analyze can be created"),
        LocalAnalyze().stage(clash),
    ):
        pass
    assert list(scratch.iterdir()) == []


def test_nowhere_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    with pytest.raises(HostError, match="No such file or directory"), LocalAnalyze().stage(TREE):
        pass


def test_what_the_tool_gets(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMD_UNIT_PATH", "/elsewhere")
    monkeypatch.setenv("LANGUAGE", "de")
    write(program, 'echo "$@|$LC_ALL|$TMPDIR|$SYSTEMD_UNIT_PATH|$LANGUAGE|$(pwd)"; echo bad >&2; exit 3')
    with LocalAnalyze().stage(TREE) as staged:
        done = staged.analyze(["verify", "a b"], 10)
        scratch = staged.root.removesuffix("root") + "tmp"
    assert (done.exit, done.err) == (3, "bad\n")
    assert done.out == f"verify a b|C.UTF-8|{scratch}|||{scratch}\n"


def test_a_tool_that_hangs(program: Path) -> None:
    write(program, "exec sleep 30")
    with LocalAnalyze().stage(TREE) as staged, pytest.raises(HostError, match=r"calendar did not end in 0\.3 s"):
        staged.analyze(["calendar"], 0.3)


def test_a_tool_that_is_killed(program: Path) -> None:
    write(program, "kill -9 $$")
    with LocalAnalyze().stage(TREE) as staged:
        assert staged.analyze([], 10).exit == -9


def test_no_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("systemd-analyze") is None
    with LocalAnalyze().stage(TREE) as staged, pytest.raises(HostError, match="not installed on this machine"):
        staged.analyze(["--version"], 10)


def test_a_tool_that_may_not_be_run(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.mkdir()
    monkeypatch.setenv("PATH", str(program.parent))
    with LocalAnalyze().stage(TREE) as staged, pytest.raises(HostError, match="systemd-analyze cannot be run"):
        staged.analyze(["--version"], 10)
