"""Folders that were made by others: a distribution's own units, a real fleet's."""

from pathlib import Path

import pytest

from qtctl.adapters.unit_folders import read_unit_folder
from qtctl.adopt.adoption import Fate, FileKind
from qtctl.adopt.classify_files import OUR_UNITS
from qtctl.adopt.merged_units import Selection
from qtctl.flows.adopt import Source, adopt_units
from qtctl.model.adoption import Found
from tests.adopt.found import SHARED, why_no_shared
from tests.adopt.small import into

ENOUGH = 0.9
"""At least this share of the directives lands in keys of their own."""
ROOTS = sorted(Path("/var/cache/qtctl/lab").glob("*/usr/lib/systemd/system"))


def check(folder: Path, *, least: int) -> None:
    done = adopt_units(Source(str(folder), read_unit_folder(folder)), Selection(252), into())
    adoption = done.adoption
    assert len(adoption.units) >= least
    assert adoption.share >= ENOUGH
    assert [each for each in adoption.differences if not each.because] == []
    for file in adoption.files:
        if file.kind in (FileKind.UNIT, FileKind.DROPIN) and file.taken:
            text = (folder / file.path).read_bytes()
            assert {line.line for line in file.lines} <= set(range(1, text.count(b"\n") + 2)), file.path
            assert file.lines or not text.strip(), file.path
            assert not any(line.fate is Fate.UNREAD for line in file.lines) or file.unit


@pytest.mark.skipif(not ROOTS, reason="no lab host has been built here: their root file systems have the units")
@pytest.mark.parametrize("folder", ROOTS, ids=lambda path: path.parts[5])
def test_a_distributions_own_units(folder: Path) -> None:
    check(folder, least=150)


@pytest.mark.skipif(why_no_shared() is not None, reason=str(why_no_shared()))
def test_a_real_fleets_units() -> None:
    check(SHARED, least=72)


def test_what_a_deploy_leaves_for_itself_is_no_fleets() -> None:
    """Deploying what was adopted must not take over what ends a deploy that was cut short."""
    ours = [
        Found(f"/etc/systemd/system/{name}", b"[Service]\nType=oneshot\nExecStart=/bin/true\n") for name in OUR_UNITS
    ]
    done = adopt_units(
        Source(
            "/etc/systemd/system", (*ours, Found("/etc/systemd/system/a.service", b"[Service]\nExecStart=/bin/a\n"))
        ),
        Selection(252),
        into(),
    )
    assert [each.unit for each in done.adoption.units] == ["a.service"]
    fates = {file.path: file for file in done.adoption.files}
    assert all(not fates[each.path].taken and "qtctl's own" in fates[each.path].why for each in ours)
