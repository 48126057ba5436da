"""systemd's own verdict: what is rendered passes `systemd-analyze verify` on a staged root with stub programs."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from qtctl.model.desired import Desired
from qtctl.registry.load import load
from qtctl.render.render import render
from qtctl.resolve.resolve import resolve
from tests.render.fleet import desired, service, shipped
from tests.render.test_render import CASES, given_by

REGISTRY = Path(__file__).parents[2] / "registry"
ALWAYS = {"sysinit.target", "basic.target", "shutdown.target", "timers.target"}
"""What every unit depends on by default."""

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")


def stage(root: Path, rendered: Desired) -> list[str]:
    """The rendered files, a stub for each program, and an empty unit for each that is only referred to."""
    for file in rendered.files:
        write(root, file.path, file.content)
    for one in rendered.services:
        write(root, one.argv[0], b"#!/bin/sh\n", mode=0o755)
    own = {file.subject for file in rendered.files}
    for unit in sorted((referred_to(rendered) | ALWAYS) - own):
        write(root, f"/usr/lib/systemd/system/{unit}", stub(unit))
    write(root, "/bin/true", b"#!/bin/sh\n", mode=0o755)
    return [file.path for file in rendered.files if file.kind == "unit"]


def referred_to(rendered: Desired) -> set[str]:
    fields = ("after", "before", "wants", "requires", "binds_to", "part_of", "conflicts", "on_failure", "wanted_by")
    return {
        unit
        for one in (*rendered.services, *rendered.targets, *rendered.timers)
        for field in fields
        for unit in getattr(one, field, ())
    } | {timer.service_unit for timer in rendered.timers}


def stub(unit: str) -> bytes:
    return b"[Service]\nType=oneshot\nExecStart=/bin/true\n" if unit.endswith(".service") else b"[Unit]\n"


def write(root: Path, path: str, content: bytes, mode: int = 0o644) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(mode)


def verify(root: Path, rendered: Desired) -> subprocess.CompletedProcess[str]:
    units = stage(root, rendered)
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", *units],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_cases_pass(path: Path, tmp_path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    done = verify(tmp_path, render(given_by(case), shipped()))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_fleet_passes(tmp_path: Path) -> None:
    files = {str(path.relative_to(REGISTRY)): path.read_bytes() for path in REGISTRY.rglob("*.toml")}
    registry = load(files)
    for host in registry.hosts:
        rendered = render(resolve(registry, host), shipped())
        assert len(rendered.services) >= 28
        done = verify(tmp_path, rendered)
        assert (done.returncode, done.stderr) == (0, "")


def test_verify_is_asked_in_earnest(tmp_path: Path) -> None:
    """The same staging with a directive systemd does not know fails: the passes above mean something."""
    broken = shipped()["service.j2"].replace("[Service]\n", "[Service]\nMemoryMaxx=1G\n", 1)
    done = verify(tmp_path, render(desired(service()), shipped() | {"service.j2": broken}))
    assert done.returncode != 0
    assert "MemoryMaxx" in done.stderr
