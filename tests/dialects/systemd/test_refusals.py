"""What we say that systemd refuses, and what a real systemd refuses: this machine's, and any other that is at hand."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from qtctl.dialects.systemd.analyze import parse_version
from qtctl.dialects.systemd.refusals import Refusal, find_dropin_refusals, find_refusals
from qtctl.dialects.systemd.unitfile import parse
from tests.dialects.systemd.refused import asked, cases, lay
from tests.table.test_lookup import roots

IN_ROOT = (
    "mount --make-rprivate / && for each in proc sys dev; do mount --rbind /$each $1/$each; done && "
    'mount -t tmpfs none $1/run && mount -t tmpfs none $1/tmp && mkdir $1/tmp/units && cp -a "$2"/. $1/tmp/units && '
    # %m: a root from which hosts are made has no id of its own.
    "tr -d - </proc/sys/kernel/random/uuid >$1/tmp/id && mount --bind $1/tmp/id $1/etc/machine-id && "
    'root=$1 && shift 2 && exec chroot "$root" systemd-analyze "$@"'
)
FATAL_TO_247 = "is of Type=dbus and has no BusName="
"""On such a unit systemd 247 itself aborts."""


def judged(files: Mapping[str, str], version: int) -> dict[str, tuple[Refusal, ...]]:
    found = {}
    for unit, text in files.items():
        if "/" in unit:
            continue
        path = f"{unit}.d/10.conf"
        dropins = [parse(files[path], path)] if path in files else []
        found[unit] = find_refusals(unit, parse(text, unit), version, dropins)
    return found


def refused(files: Mapping[str, str], version: int) -> set[str]:
    return {unit for unit, those in judged(files, version).items() if any(not each.loads for each in those)}


def version_of_this_machine() -> int:
    try:
        done = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no systemd-analyze here")
    return parse_version(done.stdout) or 0


def test_systemd_of_this_machine_refuses_the_same(tmp_path: Path) -> None:
    version, files = version_of_this_machine(), cases()
    lay(files, tmp_path)
    real = asked(files, tmp_path)
    ours = refused(files, version)
    assert sorted(real - ours) == []
    assert sorted(ours - real) == []
    assert len(real) > 500


@pytest.mark.parametrize("version", [247, 255, 257])
def test_systemd_of_other_versions_refuses_the_same(version: int, tmp_path: Path) -> None:
    """In the roots that `qtctl lab up --suite` has made."""
    root = roots().get(version)
    if root is None or not (root / "lib/systemd/systemd").exists():
        pytest.skip(f"no root with systemd {version}: qtctl lab up --suite makes one")
    files = cases()
    if version < 250:
        bad = judged(files, version)
        files = {
            unit: text for unit, text in files.items() if FATAL_TO_247 not in str(bad.get(unit.partition(".d/")[0]))
        }
    lay(files, tmp_path)
    command = ("unshare", "-m", "sh", "-c", IN_ROOT, "sh", str(root), str(tmp_path))
    real, ours = asked(files, Path("/tmp/units"), command), refused(files, version)
    assert sorted(real - ours) == []
    assert sorted(ours - real) == []


def test_a_reason_shows_its_line_and_no_value() -> None:
    unit = parse("[Service]\nExecStart=/bin/true\nUser=hunter:2\n", "x.service")
    (found,) = find_refusals("x.service", unit, 252)
    assert found.given is not None
    assert found.given.line.line == 3
    assert "hunter" not in found.what + found.remedy


def test_systemd_reads_a_drop_in_no_further_than_a_fatal_line() -> None:
    text = "[Service]\nUser=a:b\nType=dbus\n"
    (found,) = find_dropin_refusals("x.service", parse(text, "10.conf"), 252)
    assert found.loads
    assert "drops the rest of that file" in found.what


def test_a_type_that_came_later_is_dropped() -> None:
    unit = parse("[Service]\nType=notify-reload\nExecStart=/bin/true\n", "x.service")
    (found,) = find_refusals("x.service", unit, 252)
    assert found.loads
    assert "systemd 252 does not know" in found.what
    assert not find_refusals("x.service", unit, 253)
