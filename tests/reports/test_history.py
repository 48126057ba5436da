"""What became of a host over its snapshots."""

from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters.snapshot_folder import SnapshotFolder
from qtctl.api.looks import show_trends
from qtctl.collect.document import load
from qtctl.history.archive import pack, unpack
from qtctl.history.columns import fold
from qtctl.model.evidence import Evidence
from qtctl.model.json import JsonObject
from qtctl.model.snapshot import Attachments, Stored
from qtctl.reports.blocks import Paragraph, Table, Tone, Trend
from qtctl.reports.history import list_trends, show_history
from tests.docs.record import RECORDED
from tests.history.year import EMPTY, head

UNIT = "quantum-ai-engine.service"


def look(day: int, restarts: int, available: int) -> Evidence:
    taken = load(RECORDED.read_text(), "evidence")
    keep = {"unit": UNIT, "host": "host"}
    changes: dict[str, JsonObject] = {
        "unit": {"n_restarts": restarts, "memory_current": None if restarts == 1 else 5 * 10**6},
        "host": {"memory_available": available},
    }
    items = tuple(
        replace(item, value={**item.value, **changes[item.fact]})
        for item in taken.items
        if keep.get(item.fact) == item.subject and isinstance(item.value, dict)
    )
    return replace(taken, taken_at=f"2026-11-0{day}T00:00:00.000Z", items=items)


def test_restarts_and_memory_over_three_looks() -> None:
    looks = [look(day, restarts, 10**9 - restarts * 10**8) for day, restarts in ((1, 0), (2, 1), (3, 5))]
    memory, own, restarts = list_trends(looks)
    assert (own.what, own.name, own.values, own.size) == ("memory in use", UNIT, (5 * 10**6, None, 5 * 10**6), True)
    assert (memory.what, memory.size) == ("memory in use", True)
    assert (restarts.name, restarts.values) == (UNIT, (0, 1, 5))
    said, table = show_history(looks)
    assert isinstance(said, Paragraph)
    assert isinstance(table, Table)
    trend = table.rows[2][2]
    assert isinstance(trend, Trend)
    assert (trend.text, trend.tone) == ("▁▂█ 0 → 5", Tone.WARNING)


def test_it_is_read_from_the_snapshots_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SnapshotFolder(tmp_path)
    host, previous = look(1, 0, 10**9).host, ""
    for number, restarts in enumerate((0, 2), 1):
        seen = look(number, restarts, 10**9)
        said = head(host=host, taken_at=seen.taken_at, number=number, previous=previous)
        content = pack(said, EMPTY, Attachments(fold(seen), {}))[1]
        snapshot = unpack(content, "made")
        previous = snapshot.digest
        store.append(host, lambda _, each=snapshot, made=content: (each, Stored("", made)))  # type: ignore[misc]
    monkeypatch.setenv("QTCTL_SNAPSHOTS", str(tmp_path))
    _, table = show_trends(look(3, 4, 10**9))
    assert isinstance(table, Table)
    assert [row[2].text for row in table.rows if isinstance(row[2], Trend)][1:][1:] == ["▁▅█ 0 → 4"]
    monkeypatch.setenv("QTCTL_SNAPSHOTS", str(tmp_path / "nothing"))
    assert show_trends(look(3, 4, 10**9)) == ()


def test_one_look_is_no_history() -> None:
    assert show_history([look(1, 3, 10**9)]) == ()
