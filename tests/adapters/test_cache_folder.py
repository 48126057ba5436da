"""A cache in a folder of the user's: whose files it trusts, and how many it keeps."""

import os
from pathlib import Path

import pytest

from qtctl.adapters import cache_folder
from qtctl.adapters.cache_folder import CacheFolder
from qtctl.adapters.installation import make_fingerprint

A = "qtctl-kept-a"
"""The file of the name `a`."""


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "below" / "qtctl"


def test_what_was_put_is_got(where: Path) -> None:
    assert CacheFolder(where).get("a") is None
    CacheFolder(where).put("a", b"one")
    CacheFolder(where).put("a", b"two")
    assert CacheFolder(where).get("a") == b"two"
    assert [path.name for path in where.iterdir()] == [A], "nothing half-made stays"
    assert (where.stat().st_mode & 0o777, (where / A).stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("who", ["folder", "file"])
@pytest.mark.parametrize("open_to", [0o020, 0o002])
def test_what_others_can_write_is_not_read(where: Path, who: str, open_to: int) -> None:
    CacheFolder(where).put("a", b"one")
    path = where if who == "folder" else where / A
    path.chmod(path.stat().st_mode | open_to)
    assert CacheFolder(where).get("a") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
@pytest.mark.parametrize("who", ["folder", "file"])
def test_what_others_own_is_not_read(where: Path, who: str) -> None:
    CacheFolder(where).put("a", b"one")
    os.chown(where if who == "folder" else where / A, 12345, -1)
    assert CacheFolder(where).get("a") is None


def test_nothing_is_written_where_others_can_write(where: Path) -> None:
    where.mkdir(parents=True)
    where.chmod(0o777)
    CacheFolder(where).put("a", b"one")
    assert list(where.iterdir()) == []


def test_a_link_is_not_followed(where: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x")
    where.mkdir(parents=True, mode=0o700)
    (where / A).symlink_to(tmp_path / "elsewhere")
    assert CacheFolder(where).get("a") is None


def test_a_place_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for at in (tmp_path / "file", tmp_path / "file" / "below"):
        CacheFolder(at).put("a", b"one")
        assert CacheFolder(at).get("a") is None


def test_those_read_longest_ago_go(where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_folder, "MOST", 3)
    for at, name in enumerate("abc"):
        CacheFolder(where).put(name, b"")
        os.utime(where / f"qtctl-kept-{name}", (at, at))
    assert CacheFolder(where).get("a") == b""
    CacheFolder(where).put("d", b"")
    assert sorted(path.name for path in where.iterdir()) == [f"qtctl-kept-{name}" for name in "acd"]


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/a"}, Path("/home/a/.cache/qtctl")),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, Path("/c/qtctl")),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "relative"}, Path("/home/a/.cache/qtctl")),
        ({"HOME": "/home/a", "QTCTL_KEEP": "here"}, Path("here")),
        ({"HOME": "/home/a", "QTCTL_KEEP": "off"}, None),
        ({"HOME": "/home/a", "QTCTL_KEEP": ""}, Path("/home/a/.cache/qtctl")),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_where(environ: dict[str, str], folder: Path | None) -> None:
    assert cache_folder.locate_cache(environ) == folder


def test_a_fingerprint_is_of_every_file_and_distribution(tmp_path: Path) -> None:
    package, site = tmp_path / "package", tmp_path / "site"
    (package / "room").mkdir(parents=True)
    (package / "room" / "a.py").write_text("x = 1")
    (site / "jinja2-3.1.5.dist-info").mkdir(parents=True)
    path = [str(site), str(tmp_path / "missing")]
    seen = [make_fingerprint(package, path)]
    (package / "room" / "__pycache__").mkdir()
    (package / "room" / "__pycache__" / "a.pyc").write_bytes(b"")
    assert make_fingerprint(package, path) == seen[0]
    os.utime(package / "room" / "a.py", (1, 1))
    seen.append(make_fingerprint(package, path))
    (package / "room" / "table.toml").write_text("")
    seen.append(make_fingerprint(package, path))
    (site / "jinja2-3.1.5.dist-info").rename(site / "jinja2-3.1.6.dist-info")
    seen.append(make_fingerprint(package, path))
    assert len(set(seen)) == len(seen)
