"""The workflow of a release: what it may do, and its scripts, run as a runner runs them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from qtctl.version import VERSION
from tests.docs.pages import ROOT
from tests.gates.desk import git
from tests.gates.installing import clone
from tests.gates.runners import BASH, environment
from tests.release.building import ON_DEMAND, WHY_NOT

FILE = ROOT / ".github/workflows/release.yml"
WORKFLOW: dict[str, Any] = yaml.safe_load(FILE.read_text())
STEPS = {
    step["name"]: step for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step
}  # fmt: skip


def run_step(name: str, folder: Path, work: Path, **env: str) -> subprocess.CompletedProcess[str]:
    work.mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    given = {"PATH": path, "RUNNER_TEMP": str(work), "CI": "true", "GITHUB_ACTIONS": "true", **env}
    return subprocess.run(
        [*BASH, "-c", STEPS[name]["run"]], cwd=folder, env=environment(**given), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip


def test_every_action_is_pinned_by_its_commit_and_names_its_version() -> None:
    used = [line for line in FILE.read_text().splitlines() if "uses:" in line]
    assert len(used) == 6
    assert [line for line in used if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_no_expression_stands_in_a_script() -> None:
    assert [name for name, step in STEPS.items() if "${{" in step["run"]] == []


def test_only_the_job_that_runs_no_code_of_the_repository_may_write() -> None:
    assert WORKFLOW["permissions"] == {}
    jobs = WORKFLOW["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["publish"]["permissions"] == {"contents": "write", "id-token": "write", "attestations": "write"}
    assert not any("checkout" in step.get("uses", "") for step in jobs["publish"]["steps"])
    assert jobs["build"]["steps"][0]["with"]["persist-credentials"] is False


def test_it_builds_tests_signs_and_attests_in_this_order() -> None:
    order = [
        step.get("name") or step["uses"].partition("@")[0]
        for job in ("build", "publish")
        for step in WORKFLOW["jobs"][job]["steps"]
    ]
    assert order == [
        "actions/checkout", "astral-sh/setup-uv", "Check the tag", "Build twice", "Check the metadata", "Test",
        "Build the Debian packages", "actions/upload-artifact", "actions/download-artifact", "Check what was built",
        "sigstore/gh-action-sigstore-python", "actions/attest-build-provenance", "Publish",
    ]  # fmt: skip
    # YAML reads the key `on` as true.
    assert WORKFLOW[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}  # type: ignore[index]


SERVER = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "qtctl/qtctl"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the first script reads, of a release 1.2.3."""
    folder = tmp_path / "tree"
    (folder / "qtctl").mkdir(parents=True)
    (folder / "qtctl/version.py").write_text(
        (ROOT / "qtctl/version.py").read_text().replace(f'VERSION = "{VERSION}"', 'VERSION = "1.2.3"')
    )
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2027-01-02\n")
    (folder / "tests/release/schemas/1.2.3").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_a_tag_that_fits(tree: Path, tmp_path: Path) -> None:
    done = run_step("Check the tag", tree, tmp_path / "work", GITHUB_REF_NAME="v1.2.3", **SERVER)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


REFUSED = {
    "another tag": ("v1.2.4", "", "", "qtctl/version.py says 1.2.3"),
    "a development version": ("v1.2.3", "qtctl/version.py", 's/"1.2.3"/"1.2.3.dev0"/', "says 1.2.3.dev0"),
    "no section": ("v1.2.3", "CHANGELOG.md", "s/1.2.3/1.2.2/", "no section for 1.2.3"),
    "another repository": ("v1.2.3", "pyproject.toml", "s|com/qtctl/qtctl|com/acme/qtctl|", "not those of this"),
    "no schemas": ("v1.2.3", "tests/release/schemas/1.2.3", "", "no schemas are kept"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_tag_that_does_not_fit(case: str, tree: Path, tmp_path: Path) -> None:
    tag, file, change, said = REFUSED[case]
    if change:
        subprocess.run(["sed", "-i", change, str(tree / file)], check=True)
    elif file:
        (tree / file).rmdir()
    done = run_step("Check the tag", tree, tmp_path / "work", GITHUB_REF_NAME=tag, **SERVER)
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.skipif(not ON_DEMAND, reason=WHY_NOT)
def test_what_the_workflow_builds(tmp_path: Path) -> None:
    """All scripts but the tests, which run this, and the last, which publishes."""
    folder = clone(tmp_path / "qtctl")
    git(folder, "checkout", "-q", "--detach")
    work = tmp_path / "work"
    for name in ("Build twice", "Check the metadata", "Build the Debian packages"):
        done = run_step(name, folder, work, DEBEMAIL="acme@users.noreply.github.com")
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
    made = sorted(path.name for path in (folder / "dist").iterdir())
    assert len([name for name in made if name.startswith(f"qtctl-{VERSION}")]) == 2
    assert len([name for name in made if name.endswith(".deb")]) == 3
    (tmp_path / "next").mkdir()
    shutil.copytree(folder / "dist", tmp_path / "next/dist")
    checked = run_step("Check what was built", tmp_path / "next", work)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count(": OK") == 5
    (tmp_path / "next/dist/SHA256SUMS").write_text("0" * 64 + f"  {made[-1]}\n")
    assert run_step("Check what was built", tmp_path / "next", work).returncode != 0
