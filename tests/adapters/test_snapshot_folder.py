"""Snapshots in a folder: what is stored is found again, and what happened to the folder meanwhile, too."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.contained.folder import Folder
from qtctl.errors import InputError
from qtctl.findings.finding import Outcome
from qtctl.history.archive import unpack
from qtctl.history.chain import check_chain
from qtctl.history.index import INDEX_NAME
from qtctl.interfaces.snapshot_store import Build, SnapshotStore
from qtctl.model.snapshot import Snapshot, Stored
from tests.history.year import EMPTY, HOST, document


def build_next(signature: bytes = b"") -> Build:
    def build(before: Snapshot | None) -> tuple[Snapshot, Stored]:
        number = before.head.number + 1 if before else 1
        taken = f"2026-{(number - 1) % 12 + 1:02d}-01T00:05:00.000Z"
        changes = {"number": number, "previous": before.digest if before else "", "taken_at": taken}
        content = document(EMPTY, **changes, signed=bool(signature))
        return unpack(content, "made"), Stored("", content, signature)

    return build


def broken(store: SnapshotStore) -> list[str]:
    found = check_chain(store.read(HOST), lambda *_: "").findings
    return [str(each.what or each.reason) for each in found if each.outcome is not Outcome.HOLDS]


@pytest.fixture
def filled(tmp_path: Path) -> SnapshotFolder:
    store = SnapshotFolder(tmp_path / "store")
    for _ in range(4):
        store.append(HOST, build_next())
    return store


def files(store: SnapshotFolder) -> list[Path]:
    return sorted((Path(store.place) / HOST).glob("*.qtsnap"))


def test_an_empty_store(tmp_path: Path) -> None:
    store = SnapshotFolder(tmp_path / "none")
    assert store.list_hosts() == ()
    assert store.read(HOST).stored == ()
    assert not (tmp_path / "none").exists()


def test_what_was_stored_is_there_and_nobody_else_reads_it(filled: SnapshotFolder) -> None:
    assert filled.list_hosts() == (HOST,)
    assert [unpack(each.content, each.where).head.number for each in filled.read(HOST).stored] == [
        1,
        2,
        3,
        4,
    ]
    assert not broken(filled)
    assert {path.stat().st_mode & 0o777 for path in files(filled)} == {0o600}
    assert [path.name[:6] for path in files(filled)] == ["000001", "000002", "000003", "000004"]


def test_two_that_take_one_at_once_follow_each_other(tmp_path: Path) -> None:
    store = SnapshotFolder(tmp_path / "store")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.append(HOST, build_next()), range(8)))
    assert not broken(store)
    assert len(files(store)) == 8


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def swap(path: Path) -> None:
    other = path.with_name(min(each.name for each in path.parent.glob("*.qtsnap")))
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    "change", [Path.unlink, cut, swap, lambda path: path.write_bytes(b"")], ids=["gone", "cut", "swapped", "empty"]
)
@pytest.mark.parametrize("number", [0, 1, 3])
def test_whatever_happens_to_a_file_is_found(
    filled: SnapshotFolder, number: int, change: Callable[[Path], object]
) -> None:
    if change is swap and number == 0:
        pytest.skip("it is itself")
    change(files(filled)[number])
    assert broken(filled)


def test_retention_keeps_the_newest_and_the_chain_holds(filled: SnapshotFolder) -> None:
    assert len(filled.prune(HOST, 3)) == 1
    assert [path.name[:6] for path in files(filled)] == ["000002", "000003", "000004"]
    assert not broken(filled)
    filled.append(HOST, build_next())
    assert filled.prune(HOST, 3)
    assert not broken(filled)
    assert filled.prune(HOST, 3) == ()
    files(filled)[0].unlink()
    assert broken(filled)


def test_an_index_is_made_anew_from_what_is_there(filled: SnapshotFolder) -> None:
    index = Path(filled.place) / HOST / INDEX_NAME
    before = index.read_bytes()
    index.unlink()
    assert broken(filled) == [
        "there is no index, so it cannot be told whether the newest is here: --rebuild-index makes one"
    ]
    assert filled.rebuild_index(HOST) == 4
    assert index.read_bytes() == before
    index.write_bytes(b'{"format": 1}')
    assert broken(filled) == ["the index is damaged"]
    with pytest.raises(InputError, match="index is damaged"):
        filled.append(HOST, build_next())
    filled.rebuild_index(HOST)
    assert not broken(filled)


def test_a_take_that_was_cut_short_is_found_and_healed(filled: SnapshotFolder) -> None:
    """The document was written, and the index not yet."""
    index = Path(filled.place) / HOST / INDEX_NAME
    before = index.read_bytes()
    filled.append(HOST, build_next())
    index.write_bytes(before)
    assert broken(filled) == ["number 5 is there, and not listed"]
    filled.rebuild_index(HOST)
    assert not broken(filled)


def test_after_a_damaged_newest_nothing_is_stored(filled: SnapshotFolder) -> None:
    cut(files(filled)[-1])
    with pytest.raises(InputError, match="damaged"):
        filled.append(HOST, build_next())
    assert len(files(filled)) == 4


def test_a_store_that_cannot_be_written_is_not_called_unreadable(
    filled: SnapshotFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Folder, "write", fail)
    with pytest.raises(InputError, match="cannot be read or written: No space left on device"):
        filled.append(HOST, build_next())


def test_nothing_is_followed_and_nothing_but_files_is_read(filled: SnapshotFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    folder = Path(filled.place) / HOST
    (folder / "999999-x.qtsnap").symlink_to(secret)
    with pytest.raises(InputError, match="a link"):
        filled.read(HOST)
    (folder / "999999-x.qtsnap").unlink()
    os.mkfifo(folder / "999999-x.qtsnap")
    with pytest.raises(InputError, match="a FIFO"):
        filled.read(HOST)


@pytest.mark.parametrize("host", ["../x", "", ".hidden", "a/b", "a\nb"])
def test_a_host_is_no_path(filled: SnapshotFolder, host: str) -> None:
    with pytest.raises(InputError, match="is not a valid folder name"):
        filled.read(host)
