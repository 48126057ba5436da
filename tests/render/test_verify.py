"""systemd's own verdict: what is rendered passes `systemd-analyze verify` on a staged root with stub programs."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from qtctl.adapters.analyze import stage_tree
from qtctl.model.desired import Desired
from qtctl.registry.load import load
from qtctl.render.render import render
from qtctl.resolve.resolve import resolve
from qtctl.stage.verify import verify_tree
from tests.builders.rendered import desired, service, shipped
from tests.render.test_render import CASES, given_by

REGISTRY = Path(__file__).parents[2] / "registry"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")


def verify(root: Path, rendered: Desired) -> subprocess.CompletedProcess[str]:
    stage_tree(root, verify_tree(rendered))
    units = [file.path for file in rendered.files if file.kind == "unit"]
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
