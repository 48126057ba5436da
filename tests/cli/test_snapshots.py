"""Snapshots and evolution at the command line: exit codes, one line for bad input, and 80 columns."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.signatures import sign
from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.cli.tables import Screen, join_lines, leave_plain
from qtctl.history.evolve import evolve, make_source
from qtctl.interfaces.snapshot_store import Build
from qtctl.model.evolution import Evolution
from qtctl.model.snapshot import Snapshot, Stored
from qtctl.reports.evolution import build_report
from qtctl.reports.evolution_view import build_view
from qtctl.reports.trend_svg import draw
from tests.adapters.servers import make_key
from tests.adapters.test_snapshot_folder import build_next
from tests.builders.registry import write_host
from tests.builders.reported import FILES
from tests.formats.test_matrix import inside
from tests.history.year import HOST, fill, snapshots

STORE = ("--store", "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(SnapshotFolder(tmp_path / "store"))
    return tmp_path


def files(folder: Path) -> list[Path]:
    return sorted((folder / "store" / HOST).glob("*.qtsnap"))


@pytest.mark.parametrize(
    "word", ["1", "latest", "2026-07", "2026-07-01T00:05", "box:3", "box", "box:", "box:2026-07-01T00:05:00.000Z"]
)
def test_a_snapshot_is_named_in_many_ways(folder: Path, word: str) -> None:
    ran = inside(folder, "snapshot", "show", word, *STORE, "--format", "json")
    assert (ran.code, ran.err) == (0, "")


def test_a_file_and_a_digest_name_one_too(folder: Path) -> None:
    path = files(folder)[2]
    for name in (str(path), path.stem.rpartition("-")[2][:9]):
        ran = inside(folder, "snapshot", "show", name, *STORE)
        assert "# Snapshot 3 of box" in ran.out
    assert inside(folder, "evolution", str(path.parent), *STORE).out == inside(folder, "evolution", "all", *STORE).out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("snapshot", "show", "13", *STORE), "box has no snapshot '13'"),
        (("snapshot", "show", "other:1", *STORE), "other has no snapshot '1'"),
        (("snapshot", "show", "1", "--store", "empty"), "'1' is not a file, and .*empty has no snapshot"),
        (("snapshot", "show", "./none.qtsnap"), "none.qtsnap: cannot be read"),
        (("snapshot", "show", "./store"), "store: "),
        (("snapshot", "show", "./junk"), "junk: not a snapshot of qtctl"),
        (("snapshot", "show", "1", *STORE, "--registry-file", "x.toml"), "the registry had no file x.toml"),
        (("snapshot", "verify", "--host", "nobody", *STORE), "has no snapshot of nobody"),
        (
            ("snapshot", "verify", "--store", "/nonexistent"),
            "^error: /nonexistent: there are no snapshots here: no such",
        ),
        (("snapshot", "list", "--store", "/nonexistent"), "^error: /nonexistent: there are no snapshots here: no such"),
        (("snapshot", "take", "--host", "x", "--store", "junk"), "^error: junk: not a folder, so no snapshots"),
        (("snapshot", "verify", "--store", "junk"), "^error: junk: not a folder, so no snapshots"),
        (("snapshot", "verify", "--store", "http://x"), "http:// is not a store"),
        (("snapshot", "verify", "--store", "redis://u:hunter2@x"), "has an account or a password in it"),
        (("snapshot", "diff", "1", "./junk", *STORE), "junk: not a snapshot of qtctl"),
        (("snapshot", "diff", "2", "2", *STORE), "^error: .* is named twice"),
        (("evolution", "1", "all", *STORE), "^error: .* is named twice"),
        (("evolution", "1", *STORE), "there is only one source"),
        (("evolution", "1", "junk.json", *STORE), "junk.json: nested deeper than 64"),
        (("evolution", "1", "list.json", *STORE), "list.json: not a module registry"),
        (("evolution", "1", "junk.yml", *STORE), "junk.yml"),
        (("evolution", "1", "none.json", *STORE), "none.json"),
        (("evolution", "all", "--svg", "store", *STORE), "store: "),
        (("snapshot", "schedule", "--host", "a\nb"), "--host"),
        (("snapshot", "schedule", "--host", "a", "--on", "sometimes"), "--on 'sometimes'"),
        (("snapshot", "schedule", "--host", "a", "--out", "none"), "none: "),
    ],
)
def test_bad_input_is_one_line_and_exit_2(folder: Path, argv: tuple[str, ...], says: str) -> None:
    (folder / "junk").write_bytes(os.urandom(5000))
    (folder / "junk.json").write_bytes(b"[" * 100_000)
    (folder / "list.json").write_text("[]")
    (folder / "junk.yml").write_text("a: [")
    ran = inside(folder, *argv)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert re.search(says, ran.err), ran.err
    assert "hunter2" not in ran.err


def test_verify_exits_with_what_it_found(folder: Path) -> None:
    verify = ("snapshot", "verify", *STORE)
    assert inside(folder, *verify).code == 0
    third = files(folder)[2]
    content = third.read_bytes()
    third.unlink()
    gone = inside(folder, *verify)
    assert gone.code == 1
    assert "not there: 4 follows 2" in gone.out
    third.write_bytes(content)
    (third.parent / "index.json").unlink()
    assert inside(folder, *verify).code == 3
    rebuilt = inside(folder, *verify, "--rebuild-index")
    assert (rebuilt.code, rebuilt.err) == (0, "box: the index lists 12 snapshots now\n")
    (folder / "empty").mkdir()
    empty = inside(folder, "snapshot", "verify", "--store", "empty")
    assert empty.code == 3
    assert re.search(r"^\S*/empty has no snapshot, so nothing was checked", empty.err)


def test_what_cannot_be_read_is_not_left_out_of_an_evolution(folder: Path) -> None:
    third = files(folder)[2]
    third.write_bytes(third.read_bytes()[:-1])
    ran = inside(folder, "evolution", "all", *STORE)
    assert (ran.code, ran.out) == (2, "")
    assert "this snapshot is damaged" in ran.err
    assert inside(folder, "evolution", "1", "12", *STORE).code == 0


def test_a_host_of_the_registry_that_has_none_is_found(folder: Path) -> None:
    for path, text in FILES.items():
        (folder / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "registry" / path).write_text(text)
    ran = inside(folder, "snapshot", "verify", "--all-hosts", "--store", "empty", "--format", "json")
    assert ran.code == 1
    (finding,) = json.loads(ran.out)["findings"]
    assert (finding["id"], finding["host"], finding["observed"]) == ("QT1001", "box", "there is none")


def test_of_several_hosts_one_document_is_printed(folder: Path) -> None:
    for path, text in FILES.items():
        (folder / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "registry" / path).write_text(text)
    hosts = write_host("box", "nowhere.invalid") + write_host("two", "nowhere.invalid")
    (folder / "registry/hosts.toml").write_text(hosts)
    ran = inside(folder, "snapshot", "take", "--all-hosts", *STORE, "--format", "json")
    assert ran.code == 3
    assert json.loads(ran.out)["snapshots"] == []
    assert len(ran.err.split("could not be read")) == 3


def test_signatures_are_looked_at(tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(f"ops@example.org {make_key(tmp_path / 'key')}\n")
    store = SnapshotFolder(tmp_path / "store")
    for _ in range(2):
        store.append(HOST, _signed(tmp_path / "key"))
    verify = ("snapshot", "verify", *STORE)
    assert "QT1002" not in inside(tmp_path, *verify, "--signers", "signers").out
    files(tmp_path)[0].with_name(f"{files(tmp_path)[0].name}.sig").unlink()
    assert "its signature is missing" in inside(tmp_path, *verify).out
    signature = sign(files(tmp_path)[1].read_bytes(), tmp_path / "key")
    files(tmp_path)[0].with_name(f"{files(tmp_path)[0].name}.sig").write_bytes(signature)
    assert "its signature does not fit" in inside(tmp_path, *verify).out
    store.append(HOST, build_next())
    assert "it is not signed" in inside(tmp_path, *verify, "--signers", "signers").out


def _signed(key: Path) -> Build:
    def build(before: Snapshot | None) -> tuple[Snapshot, Stored]:
        snapshot, stored = build_next(b"to be made")(before)
        return snapshot, replace(stored, signature=sign(stored.content, key))

    return build


def test_trends_are_drawn_and_are_the_same_bytes_again(folder: Path) -> None:
    for _ in range(2):
        ran = inside(folder, "evolution", "all", *STORE, "--svg", "trends.svg", "--format", "md")
        assert (ran.code, ran.err) == (0, "trends: trends.svg\n")
        drawn = (folder / "trends.svg").read_text()
        assert drawn == draw(build_report(_year()).points, "Evolution of box")
    assert "<script" not in drawn
    assert drawn.count("<polyline") == 10


def _year() -> Evolution:
    return evolve([make_source(each, "year") for each in snapshots()])


def test_it_fits_eighty_columns() -> None:
    view = build_view(build_report(_year()))
    text = join_lines(Screen(80, leave_plain, lambda part: part).lines(view.page()))
    assert max(map(len, text.split("\n"))) <= 80
    for word in ("Lost", "Gained", "Moved", "Renamed", "Timeline", "2026-12-01"):
        assert word in text


def test_a_picture_holds_no_markup_of_its_sources() -> None:
    points = [replace(each, label="<script>alert(1)</script>\x1b[31m") for each in build_report(_year()).points]
    drawn = draw(points, '"><svg onload=x>')
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert "<svg onload" not in drawn
