"""Snapshots of a live host: what was done to it in between is what is told, and nothing else."""

from pathlib import Path

import pytest

from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.api.snapshot import find
from tests.live.box import Box, qtctl

pytestmark = pytest.mark.lab

TIMER, LARGEST = "quantum-core-health.timer", 60_000


def test_a_host_that_changed_between_two_snapshots(box: Box, tmp_path: Path) -> None:
    assert box.until_healthy().code == 0
    store = tmp_path / "store"
    take = ("snapshot", "take", "--host", box.name, "--store", str(store), "--registry", str(box.registry))
    assert qtctl(*take).code == 0
    try:
        box.sh(f"systemctl stop {TIMER}")
        assert qtctl(*take).code == 0
    finally:
        box.sh(f"systemctl start {TIMER}")
    assert box.until_healthy().code == 0
    found = qtctl("snapshot", "diff", "1", "2", "--store", str(store), "--format", "json").json()
    changed = {(each["kind"], each["name"], each["how"]) for each in found["changes"]}
    assert {each for each in changed if each[0] not in ("finding", "service")} == {("unit", TIMER, "changed")}
    assert any(kind == "finding" and TIMER in name and how == "added" for kind, name, how in changed)
    _is_small_and_without_secrets(box, store)
    assert qtctl("snapshot", "verify", "--store", str(store)).code == 0
    path = next(store.rglob("000001-*.qtsnap"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert qtctl("snapshot", "verify", "--store", str(store)).code == 1


def _is_small_and_without_secrets(box: Box, store: Path) -> None:
    """The values that the host itself has in its secrets files are the canaries."""
    kept = find(SnapshotFolder(store), "2")
    assert len(kept.stored.content) <= LARGEST, f"of {len(kept.snapshot.inventory.rows)} kinds"
    whole = kept.write_evidence() + "".join(kept.attachments.registry.values())
    lines = box.sh("cat /etc/quantum/*secret* 2>/dev/null || true").splitlines()
    values = [value.strip("\"' ") for _, equals, value in (line.partition("=") for line in lines) if equals]
    assert [value for value in values if len(value) > 5 and value in whole] == []


def test_the_evidence_of_a_snapshot_is_judged_again(box: Box, tmp_path: Path) -> None:
    store, then = tmp_path / "store", tmp_path / "then.json"
    registry = ("--registry", str(box.registry))
    taken = qtctl("snapshot", "take", "--host", box.name, "--store", str(store), *registry, "--format", "json").json()
    shown = qtctl("snapshot", "show", "latest", "--store", str(store), "--evidence", "--out", str(then))
    assert (shown.code, shown.out) == (0, "")
    audit = qtctl("audit", "--from", str(then), *registry, "--format", "json").json()
    totals = {name: audit["totals"][name.replace("-", "_")] for name in taken["snapshot"]["checks"]}
    assert totals == taken["snapshot"]["checks"]
