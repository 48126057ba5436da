"""What earlier versions wrote: read by today's, and rolled back. Kept files in every run, whole hosts on demand."""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.cli.conftest import RunHere
from tests.docs.pages import ROOT
from tests.gates.conftest import run_here
from tests.live.box import Box, Ran, qtctl
from tests.machine import own_lab
from tests.release.building import ON_DEMAND, WHY_NOT

__all__ = ["run_here"]

KEPT = Path(__file__).parent / "kept"
"""Written by the builds below, of a lab host that was as declared."""
HOST = "quantumtrader-prod-1"
FIRST = "9c230557"
SNAPSHOTS = "385a6e69"
COMMITS = {"0.1.0": FIRST, "the first with generations and snapshots": SNAPSHOTS}
SERVICE, MARK = "ai-engine", 'UPGRADED = "yes"'


def test_evidence_of_0_1_0_is_judged(run_here: RunHere, tmp_path: Path) -> None:
    """Nothing that 0.1.0 saw is called wrong; what it did not ask is unknown, and no pass."""
    saved = tmp_path / "evidence.json"
    saved.write_bytes(gzip.decompress((KEPT / "evidence-0.1.0.json.gz").read_bytes()))
    ran = run_here(tmp_path, "audit", "--from", str(saved), "--registry", str(ROOT / "registry"), "--format", "json")
    assert ran.code == 3, ran.err
    report = json.loads(ran.out)
    assert report["qtctl_version"] == "0.1.0"
    assert report["totals"]["holds"] > 1000
    assert [each["id"] for each in report["findings"] if each["severity"] == "error"] == []
    assert report["totals"]["unknown"] > 0


def test_snapshots_of_the_first_version_that_took_any(run_here: RunHere, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(KEPT / "store", store)
    verified = run_here(tmp_path, "snapshot", "verify", "--store", str(store))
    assert verified.code == 0, verified.out + verified.err
    listed = json.loads(run_here(tmp_path, "snapshot", "list", "--store", str(store), "--format", "json").out)
    assert [(each["host"], each["qtctl_version"]) for each in listed["snapshots"]] == [(HOST, "0.1.0")]
    evidence = tmp_path / "then.json"
    shown = run_here(
        tmp_path, "snapshot", "show", "latest", "--store", str(store), "--evidence", "--out", str(evidence)
    )
    assert shown.code == 0, shown.err
    judged = run_here(tmp_path, "audit", "--from", str(evidence), "--registry", str(ROOT / "registry"))
    assert judged.code in (0, 1, 3), judged.err


@dataclass(frozen=True)
class Earlier:
    """A version that was built from an earlier commit. `registry`: the one that it shipped."""

    program: Path
    registry: Path
    state: Path

    def run(self, *argv: str) -> Ran:
        env = {**os.environ, "QTCTL_STATE": str(self.state), "QTCTL_KEEP": "off"}
        done = subprocess.run(
            [self.program, *argv, "--host", "lab1", "--registry", str(self.registry)],
            env=env, capture_output=True, text=True, check=False, timeout=300, cwd=self.registry.parent,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)


def build_earlier(commit: str, folder: Path) -> Earlier:
    known = subprocess.run(["git", "-C", str(ROOT), "cat-file", "-e", f"{commit}^{{commit}}"], check=False)
    if known.returncode:
        pytest.skip(f"the history of this checkout has no {commit}")
    source = folder / "source"
    source.mkdir()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    uv, python = str(Path(sys.executable).parent / "uv"), folder / "venv/bin/python"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(source)], check=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True)
    return Earlier(folder / "venv/bin/qtctl", source / "registry", folder / "state")


def show_lab(earlier: Earlier, own: Path) -> None:
    """Let it see lab1, whose state has fields that it does not know."""
    shutil.copytree(own / "ssh", earlier.state / "ssh")
    config = earlier.state / "ssh/ssh_config"
    config.write_text(config.read_text().replace(str(own), str(earlier.state)))
    known = (earlier.program.parent.parent.parent / "source/qtctl/lab/state.py").read_text()
    fields = set(re.findall(r"^    (\w+): ", known, re.MULTILINE)) | {"schema"}
    state = json.loads((own / "hosts/lab1/host.json").read_text())
    (earlier.state / "hosts/lab1").mkdir(parents=True)
    kept = {name: value for name, value in state.items() if name in fields}
    (earlier.state / "hosts/lab1/host.json").write_text(json.dumps(kept))


INSTALLED = """\
find /etc/systemd/system /etc/quantum -type f \\( -name 'quantum-*' -o -name '*.env' \\) | LC_ALL=C sort | xargs cat
"""


def digest_installed(box: Box) -> str:
    return hashlib.sha256(box.sh(INSTALLED).encode()).hexdigest()


def change_registry(registry: Path, into: Path) -> Path:
    shutil.copytree(registry, into)
    service = into / f"services/{SERVICE}.toml"
    assert "\n[env]\n" in service.read_text()
    service.write_text(service.read_text().replace("\n[env]\n", f"\n[env]\n{MARK}\n", 1))
    return into


@pytest.fixture(params=COMMITS)
def deployed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Earlier, Box]]:
    """A host that an earlier version has deployed."""
    earlier = build_earlier(COMMITS[request.param], tmp_path)
    own = tmp_path / "lab"
    own.mkdir()
    with own_lab(own):
        up = qtctl("lab", "up", "--registry", str(earlier.registry))
        assert up.code == 0, up.err
        try:
            show_lab(earlier, own)
            done = earlier.run("deploy", "--yes")
            assert done.code == 0, done.out + done.err
            yield COMMITS[request.param], earlier, Box("lab1", earlier.registry)
        finally:
            lab.down(["lab1"])


@pytest.mark.lab
@pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)
def test_a_host_that_an_earlier_version_deployed(deployed: tuple[str, Earlier, Box], tmp_path: Path) -> None:
    """What it wrote is read and judged, its state is a generation, and is gone back to."""
    commit, earlier, box = deployed
    at = ("--host", "lab1", "--registry", str(earlier.registry))
    assert qtctl("lint", "--registry", str(earlier.registry)).code == 0, "its registry is still one"
    saved = tmp_path / "saved.json"
    assert earlier.run("audit", "--save", str(saved)).code == 0
    assert qtctl("audit", "--from", str(saved), "--registry", str(earlier.registry)).code in (0, 3)
    if commit == SNAPSHOTS:
        assert earlier.run("snapshot", "take", "--store", str(tmp_path / "store")).code == 0
        assert earlier.run("backup", "take", "--out", str(tmp_path / "b.qtbackup")).code == 0
    assert qtctl("audit", *at).code == 0
    before = digest_installed(box)
    changed = change_registry(earlier.registry, tmp_path / "changed")
    if commit == FIRST:
        _go_back_to_what_was_found(box, at, changed, before)
    first = qtctl("deploy", "--yes", *at)
    assert first.code == 0, first.out + first.err
    done = qtctl("deploy", "--yes", "--host", "lab1", "--registry", str(changed))
    assert done.code == 0, done.out + done.err
    assert digest_installed(box) != before
    back = qtctl("rollback", "--yes", *at)
    assert back.code == 0, back.out + back.err
    assert digest_installed(box) == before
    assert qtctl("audit", *at).code == 0
    if commit == SNAPSHOTS:
        _check_snapshots_and_backup(tmp_path, at)


def _go_back_to_what_was_found(box: Box, at: tuple[str, ...], changed: Path, before: str) -> None:
    """0.1.0 had no generations: its state is generation 0, though the first deploy changes it at once."""
    done = qtctl("deploy", "--yes", "--host", "lab1", "--registry", str(changed))
    assert done.code == 0, done.out + done.err
    assert digest_installed(box) != before
    listed = qtctl("generations", "list", *at, "--format", "json").json()["generations"]
    assert [(each["number"], each["outcome"]) for each in listed] == [(1, "confirmed"), (0, "found")]
    shown = qtctl("generations", "diff", "0", "1", *at, "--format", "json").json()["files"]
    assert {each["path"]: each["change"] for each in shown} == {f"/etc/quantum/{SERVICE}.env": "changed"}
    unnamed = qtctl("rollback", "--yes", *at)
    assert unnamed.code == 4
    assert "--to 0" in unnamed.err
    back = qtctl("rollback", "--to", "0", "--yes", *at)
    assert back.code == 0, back.out + back.err
    assert f"/etc/quantum/{SERVICE}.env" in back.out + back.err, "the plan is shown"
    assert digest_installed(box) == before
    judged = qtctl("audit", *at, "--only", "QT228", "--verbose")
    assert judged.code == 1, judged.out  # no registry declares what was found


def _check_snapshots_and_backup(folder: Path, at: tuple[str, ...]) -> None:
    store = ("--store", str(folder / "store"))
    assert qtctl("snapshot", "take", *at, *store).code == 0
    assert qtctl("snapshot", "verify", *store).code == 0
    changes = qtctl("snapshot", "diff", "1", "2", *store, "--format", "json").json()["changes"]
    assert "version" in {each["kind"] for each in changes}
    assert qtctl("backup", "restore", str(folder / "b.qtbackup"), "--yes", *at).code == 0
