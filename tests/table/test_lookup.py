"""The directive table: what is asked of it, and that it is what each systemd prints."""

import json
import os
from pathlib import Path

import pytest

from qtctl.dialects.systemd.renamed import OLD, find_new_spelling
from qtctl.dialects.systemd.table.lookup import (
    Standing,
    find_first_version,
    find_kind,
    find_last_version,
    find_nearest,
    find_standing,
    list_homes,
    list_sections,
    list_unit_sections,
    list_versions,
)
from tests.table.make import TABLE, VERSIONS, dump, read, table

ROOTS = Path(os.environ.get("QTCTL_CACHE") or "/var/cache/qtctl/lab")


@pytest.mark.parametrize(
    ("section", "key", "version", "kind"),
    [
        ("Service", "MemoryMax", 252, "LIMIT"),
        ("Service", "PrivateTmp", 255, "BOOLEAN"),
        ("Service", "PrivateTmp", 257, "OTHER"),
        ("Service", "RestartSteps", 252, None),
        ("Service", "RestartSteps", 255, "UNSIGNED"),
        ("Service", "StartLimitIntervalSec", 257, None),
        ("Service", "StartLimitInterval", 257, "SECONDS"),
        ("Unit", "StartLimitIntervalSec", 247, "SECONDS"),
        ("Install", "WantedBy", 247, "OTHER"),
        ("Install", "UpheldBy", 252, None),
        ("Install", "UpheldBy", 255, "OTHER"),
        ("Nowhere", "MemoryMax", 252, None),
    ],
)
def test_known(section: str, key: str, version: int, kind: str | None) -> None:
    assert find_kind(section, key, version) == kind


@pytest.mark.parametrize(
    ("key", "version", "expected"),
    [
        ("MemoryMax", 249, Standing.KNOWN),
        ("RestartSteps", 253, Standing.UNSURE),
        ("RestartSteps", 250, Standing.UNKNOWN),
        ("RestartSteps", 240, Standing.UNKNOWN),
        ("RestartSteps", 260, Standing.KNOWN),
        ("Nonsense", 257, Standing.UNKNOWN),
        ("Nonsense", 260, Standing.UNSURE),
        ("ManagedOOMMemoryPressureLimitPercent", 247, Standing.KNOWN),
        ("ManagedOOMMemoryPressureLimitPercent", 249, Standing.UNSURE),
        ("ManagedOOMMemoryPressureLimitPercent", 252, Standing.UNKNOWN),
    ],
)
def test_versions_in_between_are_judged_by_both_sides(key: str, version: int, expected: Standing) -> None:
    assert find_standing("Service", key, version) is expected


def test_since_and_until() -> None:
    assert (find_first_version("Service", "RestartSteps"), find_last_version("Service", "RestartSteps")) == (255, 257)
    assert find_last_version("Service", "ManagedOOMMemoryPressureLimitPercent") == 247
    assert (find_first_version("Service", "Nonsense"), find_last_version("Service", "Nonsense")) == (None, None)


def test_near_names() -> None:
    assert find_nearest("Service", "memorymax", 252) == "MemoryMax"
    assert find_nearest("Service", "MemoryMaxx", 252) == "MemoryMax"
    assert find_nearest("Service", "RestartStep", 252) != "RestartSteps"
    assert find_nearest("Service", "Zzzz", 252) is None
    assert list_homes("WantedBy", 252) == ("Install",)


def test_sections() -> None:
    assert set(list_sections(252)) == {
        "Automount", "Install", "Mount", "Path", "Scope", "Service", "Slice", "Socket", "Swap", "Timer", "Unit",
    }  # fmt: skip
    assert list_unit_sections("a.timer") == ("Unit", "Timer", "Install")
    assert list_unit_sections("a.target") == ("Unit", "Install")
    assert list_versions() == VERSIONS


def test_old_spellings_are_known_everywhere() -> None:
    everywhere = [("Service", key) for key in ("MemoryLimit", "CPUShares", "ReadWriteDirectories", "BlockIOWeight")]
    for section, key in (*OLD, *everywhere):
        assert find_new_spelling(section, key)
        for version in VERSIONS:
            assert find_kind(section, key, version), (section, key, version)
    assert find_new_spelling("Service", "MemoryMax") is None


def test_a_list_is_read_and_joined() -> None:
    old, new = read("[A]\nX=ONE\nY=TWO\n\n[B]\nZ=T [O]\n"), read("[A]\nX=OTHER\n[B]\nZ=T [O]\nW=NEW\n")
    assert table({1: old, 2: new}) == {
        "versions": [1, 2],
        "sections": {"A": {"X": "ONE 1..1|OTHER 2..2", "Y": "TWO 1..1"}, "B": {"W": "NEW 2..2", "Z": "T [O]"}},
    }


def roots() -> dict[int, Path]:
    """One root of each version."""
    names = {247: "bullseye-*", 252: "bookworm-*", 255: "noble-*", 257: "trixie-*"}
    return {version: found[0] for version, glob in names.items() if (found := sorted(ROOTS.glob(glob)))}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_table_is_what_systemd_prints(version: int) -> None:
    root = roots().get(version)
    if root is None or not (root / "lib/systemd/systemd").exists():
        pytest.skip(f"no root with systemd {version} in {ROOTS}: qtctl lab up makes one")
    found, items = dump(root)
    assert found == version
    named = {(section, key) for section, keys in json.loads(TABLE.read_text())["sections"].items() for key in keys}
    assert set(items) <= named
    assert {at: find_kind(*at, version) for at in named} == {at: items.get(at) for at in named}
