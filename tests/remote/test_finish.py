"""How a host ends a confirmed transaction: what was replaced is kept, and what other fleets run from stays."""

from pathlib import Path

import pytest

from tests.remote.host_script import run_script, write_generation, write_script

PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "restore.sh")


def run(base: Path, commands: str) -> str:
    """What the commands print, after they were run with the host's functions."""
    done = run_script(write_script(base, PARTS, f"record_units() {{ :; }}\ngone=''\n{commands}"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A host on which generation 2 was just confirmed. It replaced a file that a person wrote."""
    for name in ("tx", "objects", "replaced", "store"):
        (tmp_path / name).mkdir()
    write_generation(tmp_path, 1, "web")
    (tmp_path / "current").symlink_to("gen/1")
    home = write_generation(tmp_path, 2, "web", outcome="")
    target = tmp_path / "etc/app.conf"
    (target.parent / ".qtctl-2-abc").mkdir(parents=True)
    target.write_text("new\n")
    (target.parent / ".qtctl-2-abc/old-0").write_text("by hand\n")
    (home / "steps").write_text(f"0\twrite\t{target}\tsha256:0\t1\troot:root\t0644\tno\n")
    (tmp_path / "tx/confirmed").write_text("2\n")
    return tmp_path


def list_kept(base: Path) -> list[str]:
    return [path.read_text() for path in base.rglob("*") if path.is_file() and path.name in ("app.conf", "old-0")]


def test_what_a_person_wrote_is_kept(base: Path) -> None:
    run(base, "use_generation 2 finish")
    assert sorted(list_kept(base)) == ["by hand\n", "new\n"]
    assert (base / "current").readlink() == Path("gen/2")
    assert (list((base / "tx").iterdir()), list((base / "etc").iterdir())) == ([], [base / "etc/app.conf"])


def test_what_cannot_be_kept_elsewhere_stays_beside_its_place(base: Path) -> None:
    (base / "replaced").rmdir()
    (base / "replaced").write_text("in the way")
    run(base, "use_generation 2 finish")
    assert (base / "etc/.qtctl-2-abc/old-0").read_text() == "by hand\n"
    assert "could not be kept" in (base / "gen/2/journal").read_text()
    assert (base / "gen/2/outcome").read_text() == "confirmed\n"


SYNC = """
sync() {
  for each; do
    [ "$each" = -- ] || printf '%s %s %s\n' "$(ls $base/tx)" "$(readlink $base/current)" "${each#$base/}"
  done >>$base/synced
}
"""


@pytest.mark.parametrize(
    ("state", "end", "current"), [("confirmed", "finish", "gen/2"), ("restoring", "end_restored", "gen/1")]
)
def test_how_it_ended_is_on_the_disk_before_its_record_goes(base: Path, state: str, end: str, current: str) -> None:
    (base / "tx/confirmed").rename(base / "tx" / state)
    (base / "units").touch()
    run(base, f"{SYNC}use_generation 2 {end}")
    synced = (base / "synced").read_text().splitlines()
    for name in ("gen/2/outcome", "gen/2/journal", "gen/2", "status", "units"):
        assert f"{state} {current} {name}" in synced, name
    assert f"{state} {current} {base}" in synced
    assert synced[-1] == f" {current} tx"


def test_a_disk_that_does_not_take_the_end_of_a_confirmed_transaction_is_tried_again(base: Path) -> None:
    assert run(base, "sync() { return 1; }\nuse_generation 2 finish || echo again") == "again\n"
    assert (base / "tx/confirmed").read_text() == "2\n"
    assert run(base, "use_generation 2 finish || echo again") == ""
    assert list((base / "tx").iterdir()) == []


@pytest.mark.parametrize("full", ["gen/2/outcome", "current"])
def test_a_transaction_whose_end_cannot_be_written_stays_confirmed(base: Path, full: str) -> None:
    place = base / full
    place.unlink(missing_ok=True)
    place.mkdir()
    (place / "in the way").touch()
    assert run(base, "use_generation 2 finish || echo again") == "again\n"
    assert (base / "tx/confirmed").read_text() == "2\n"
    (place / "in the way").unlink()
    place.rmdir()
    assert run(base, "use_generation 2 finish || echo again") == ""
    assert (list((base / "tx").iterdir()), (base / "current").readlink()) == ([], Path("gen/2"))


def test_the_generation_in_force_is_never_unfinished(base: Path) -> None:
    (base / "gen/1/outcome").unlink()
    run(base, "rm -r $base/gen/2; drop_unfinished")
    assert (base / "gen/1").is_dir()


def test_the_newest_generation_of_each_fleet_is_kept_with_its_code(base: Path) -> None:
    entry = base / "store/code-1"
    for path in (entry, base / "store/code-0"):
        path.mkdir()
        Path(f"{path}.seal").touch()
    run(base, f"rm -r $base/gen/1 $base/gen/2 $base/tx/confirmed; touch -d '2 hours ago' {base}/store/*.seal")
    write_generation(base, 1, "trader", installs=f"0\t/srv/code\t{entry}\n")
    for number in range(2, 20):
        write_generation(base, number, "web")
    run(base, "use_generation 19 prune")
    kept = sorted(int(path.name) for path in (base / "gen").iterdir())
    assert kept == [1, *range(10, 20)]
    assert (entry.is_dir(), (base / "store/code-0").exists()) == (True, False)


def test_what_is_pruned_from_the_store_is_removed_without_the_lock(base: Path) -> None:
    entry = base / "store/code-0"
    entry.mkdir()
    (entry / "main.py").touch()
    Path(f"{entry}.seal").touch()
    (base / "build").mkdir()
    run(base, f"touch -d '2 hours ago' {entry}.seal; use_generation 2 run_locked finish")
    assert list((base / "store").iterdir()) == []
    assert [path.name for path in (base / "build").iterdir()] == ["pruned-code-0"]
    run(base, "drop_pruned")
    assert list((base / "build").iterdir()) == []
