"""$QTCTL_KEEP names a folder that has other things in it, or is a link: nothing but qtctl's own files is touched."""

import os
import time
from pathlib import Path

import pytest

from qtctl.adapters import cache_folder
from qtctl.adapters.cache_folder import CacheFolder
from tests.cli.world import build, listing, qtctl

OTHERS = ("mine", "a" * 64, ".hidden", "qtctl-kept", "qtctl.conf", ".qtctl-notes", "zz.kept")


def other_files(folder: Path) -> dict[str, bytes | None]:
    """Older than anything that qtctl writes, so that they would be the first to go."""
    folder.mkdir(mode=0o700)
    for name in OTHERS:
        (folder / name).write_bytes(b"not yours")
        os.utime(folder / name, (1, 1))
    (folder / "below").mkdir()
    (folder / "below/qtctl-kept-x").write_bytes(b"")
    (folder / "dangling").symlink_to("nowhere")
    return listing(folder)


def test_an_audit_leaves_what_it_did_not_make(tmp_path: Path) -> None:
    """The folder has room for none of it: 256 files of others, all older."""
    desk, folder = build(tmp_path / "desk"), tmp_path / "kept"
    other_files(folder)
    for number in range(cache_folder.MOST):
        (folder / f"file{number}").touch()
        os.utime(folder / f"file{number}", (1, 1))
    was = listing(folder)
    ran = qtctl(desk, "audit", "--host", "nowhere.invalid", env={"QTCTL_KEEP": str(folder)})
    assert ran.code == 3, ran.err
    now = listing(folder)
    own = [path for path in now if path not in was]
    assert {path: now[path] for path in was} == was
    assert len(own) == 1
    assert own[0].startswith("qtctl-kept-")


def test_only_its_own_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_folder, "MOST", 1)
    folder = tmp_path / "kept"
    was = other_files(folder)
    (tmp_path / "elsewhere").write_bytes(b"x")
    (folder / "qtctl-kept-link").symlink_to("../elsewhere")
    (folder / "qtctl-kept-folder").mkdir()
    os.mkfifo(folder / "qtctl-kept-pipe")
    for name in "abc":
        CacheFolder(folder).put(name, b"")
        time.sleep(0.01)
    now = {path.name for path in folder.iterdir()}
    assert now == {
        *(Path(path).parts[0] for path in was),
        *(f"qtctl-kept-{name}" for name in ("link", "folder", "pipe", "c")),
    }
    assert (tmp_path / "elsewhere").read_bytes() == b"x"
    assert CacheFolder(folder).get("link") is None
    assert CacheFolder(folder).get("pipe") is None


def test_a_linked_folder_is_neither_read_nor_written(tmp_path: Path) -> None:
    """Where the link leads, files of the same names are another lab's, or another account's."""
    real, link = tmp_path / "real", tmp_path / "link"
    CacheFolder(real).put("a", b"one")
    link.symlink_to("real")
    was = listing(real)
    assert CacheFolder(link).get("a") is None
    CacheFolder(link).put("b", b"two")
    assert listing(real) == was


def test_what_a_killed_process_left_goes_after_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    for name, age_s in ((".qtctl-kept-old", cache_folder.HALF_MADE_S + 60), (".qtctl-kept-new", 60)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age_s,) * 2)
    CacheFolder(folder).put("a", b"")
    assert sorted(path.name for path in folder.iterdir()) == [".qtctl-kept-new", "qtctl-kept-a"]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
def test_files_of_other_accounts_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_folder, "MOST", 1)
    folder = tmp_path / "kept"
    CacheFolder(folder).put("theirs", b"")
    os.chown(folder / "qtctl-kept-theirs", 12345, -1)
    for name in "ab":
        CacheFolder(folder).put(name, b"")
    assert (folder / "qtctl-kept-theirs").exists()
