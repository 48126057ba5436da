"""The GitHub Action, the GitLab template and the pre-commit hooks run as those systems run them, without a network."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.docs.pages import ROOT
from tests.formats.sarif_schema import validate
from tests.gates.desk import ask_for, commit, git, make_desk
from tests.gates.forges import TOKEN, Forge, serve
from tests.gates.installing import clone, lend_packages
from tests.gates.runners import Machine, environment, run_action, run_gitlab_job

ACTION = ".github/actions/gate"
PYTHON = str(Path(sys.executable).parent)


@pytest.fixture(scope="module")
def qtctl_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("qtctl") / "v1")


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serve() as found:
        yield found


MODULES = ("venv", "pip", "secrets", "sitecustomize", "ensurepip", "qtctl", "hatchling", "json", "runpy")


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shallow checkout of a change, whose base the origin has; and that base.

    It has files that Python would take for modules of its own, or for qtctl, if it looked there.
    """
    origin = make_desk(tmp_path_factory.mktemp("change") / "origin")
    ask_for(origin, "lint = true", 'parity = ["docker-compose.yml"]')
    base = commit(origin, "base")
    git(origin, "checkout", "-qb", "feature")
    feed = origin / "registry/services/feed.toml"
    feed.write_text(f'{feed.read_text()}\n[env]\nMODE = "fast"\n')
    ask_for(origin, "lint = true")
    for module in MODULES:
        (origin / f"{module}.py").write_text(f"open({str(origin.parent / 'ran')!r}, 'w').close()\n")
    commit(origin, "change")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    checkout = origin.parent / "checkout"
    git(origin.parent, "clone", "-q", "--depth=1", "--branch=feature", f"file://{origin}", str(checkout))
    return checkout, base


def make_machine(clone: Path, workspace: Path, work: Path, forge: Forge) -> Machine:
    work.mkdir(exist_ok=True)
    env = {
        **lend_packages(), **{name: value for name, value in forge.github().items() if name != "GITHUB_TOKEN"},
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
    }  # fmt: skip
    return Machine(clone / ACTION, workspace, work, env)


def pull_request(base: str) -> dict[str, object]:
    return {"token": TOKEN, "event": {"pull_request": {"base": {"sha": base}}}}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, qtctl_clone: Path, change: tuple[Path, str]) -> Path:
    """Of a machine on which the first step of the action has installed qtctl, beside a hostile checkout."""
    work = tmp_path_factory.mktemp("work")
    with serve() as forge:
        machine = make_machine(qtctl_clone, change[0], work, forge)
        done = run_action(machine, {}, pull_request(change[1]), first=0, last=1)
    assert done.code == 0, done.log
    return work


REST = {"first": 1, "last": 9}


def test_the_action_passes_and_comments(qtctl_clone: Path, change: tuple[Path, str], forge: Forge, work: Path) -> None:
    checkout, base = change
    done = run_action(make_machine(qtctl_clone, checkout, work, forge), {}, pull_request(base), **REST)
    assert (done.code, done.outputs["exit-code"]) == (0, "0"), done.log
    assert done.summary.startswith("# Gate of small\n")
    assert JUnitXml.fromstring(Path(done.outputs["junit"]).read_bytes()).failures == 0
    validate(json.loads(Path(done.outputs["sarif"]).read_text()))
    (body,) = forge.bodies
    assert body == Path(done.outputs["comment"]).read_text()
    assert "`/etc/small/feed.env`" in body
    assert "restart | `small-feed.service`" in body
    assert all(line.startswith("::notice") for line in done.commands), done.log
    assert not (checkout.parent / "ran").exists()


def test_the_action_ends_with_the_code_of_the_gate(qtctl_clone: Path, forge: Forge, work: Path, tmp_path: Path) -> None:
    """Also if the comment cannot be written; and what the registry says is no command to the runner."""
    desk = make_desk(tmp_path / "desk")
    base = git(desk, "rev-parse", "HEAD")
    ask_for(desk, "lint = true")
    (desk / "registry/services/feed.toml").write_text('"##[set-output name=exit-code;]0" = 1\n"##[add-mask]x" = 1\n')
    forge.status = 403
    done = run_action(make_machine(qtctl_clone, desk, work, forge), {}, pull_request(base), **REST)
    assert (done.code, done.outputs["exit-code"]) == (2, "2"), done.log
    assert "##[set-output" in done.log, "the error quotes it"
    assert {line.split(" ")[0].partition("::")[2].partition(":")[0] for line in done.commands} <= {
        "error",
        "notice",
        "warning",
    }
    assert any("the comment could not be written" in line for line in done.commands)


NO_PROGRAM = '#!/bin/sh\nfor each in "$@"; do printf "<%s>\\n" "$each" >>"$RUNNER_TEMP/argv"; done\n'


@pytest.mark.parametrize(
    "text", ['"; touch MARK; "', "$(touch MARK)", "`touch MARK`", "--upload-pack=touch MARK", "x\ntouch MARK"]
)
def test_no_input_is_a_command_or_an_option(
    qtctl_clone: Path, change: tuple[Path, str], forge: Forge, tmp_path: Path, text: str
) -> None:
    """What the scripts make of inputs: the program that they would run writes down what it is given."""
    checkout, _ = change
    hostile = text.replace("MARK", str(tmp_path / "ran"))
    program = tmp_path / "qtctl-gate/venv/bin/qtctl"
    program.parent.mkdir(parents=True)
    program.write_text(NO_PROGRAM)
    program.chmod(0o755)
    inputs = dict.fromkeys(("registry", "templates", "live", "comment", "base", "token"), hostile)
    done = run_action(make_machine(qtctl_clone, checkout, tmp_path, forge), inputs, pull_request(hostile), **REST)
    assert done.code == 0, done.log
    assert not (tmp_path / "ran").exists()
    given = (tmp_path / "argv").read_text()
    assert f"<--registry={hostile}>\n" in given
    assert f"<--base={hostile}>\n" in given
    assert "<--live>" not in given


def test_no_expression_stands_in_a_script() -> None:
    """Where one did, whoever names a branch would write the script."""
    action = yaml.safe_load((ROOT / ACTION / "action.yml").read_text())
    assert [step["name"] for step in action["runs"]["steps"] if "${{" in step["run"]] == []


def job() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".gitlab/gate.yml").read_text())["qtctl-gate"]
    return found


def test_the_gitlab_job_passes_comments_and_leaves_its_reports(
    qtctl_clone: Path, change: tuple[Path, str], forge: Forge, work: Path, tmp_path: Path
) -> None:
    """In CI it installs qtctl itself; elsewhere it finds what the action has installed in the same way."""
    checkout, base = change
    workspace = tmp_path / "w"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=feature", git(checkout, "config", "remote.origin.url"), "w")
    env = {
        **lend_packages(), **forge.gitlab(), "QTCTL_SOURCE": str(qtctl_clone), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
    }  # fmt: skip
    whole = job()
    if os.environ.get("CI") != "true":
        assert ["-m venv" in line or "-m pip" in line for line in whole["script"]][:5] == [
            False,
            False,
            True,
            True,
            False,
        ]
        whole["script"] = whole["script"][4:]
        (workspace / ".qtctl-gate").mkdir()
        (workspace / ".qtctl-gate/venv").symlink_to(work / "qtctl-gate/venv")
    done = run_gitlab_job(whole, workspace, env)
    assert done.code == 0, done.log
    artifacts = whole["artifacts"]
    assert all((workspace / path).is_file() for path in (*artifacts["paths"], artifacts["reports"]["junit"]))
    assert [*forge.bodies] == [(workspace / ".qtctl-gate/comment.md").read_text()]
    (workspace / "registry/services/feed.toml").write_text("nonsense = 1\n")
    whole["script"] = [line for line in whole["script"] if not re.search(r"-m venv|-m pip|^rm ", line)]
    again = {**env, "QTCTL_COMMENT_TOKEN": "", "CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}
    assert run_gitlab_job(whole, workspace, again).code == 2


CONFIG = """\
repos:
  - repo: {clone}
    rev: {rev}
    hooks:
      - id: qtctl-gate
      - id: qtctl-lint
        files: ^registry/
"""


def test_the_pre_commit_hooks_keep_a_bad_commit_out(qtctl_clone: Path, tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "desk")
    ask_for(desk, "lint = true", 'rendered = "rendered"')
    rev = git(qtctl_clone, "rev-parse", "HEAD")
    (desk / ".pre-commit-config.yaml").write_text(CONFIG.format(clone=qtctl_clone, rev=rev))
    env = environment(**lend_packages(), PRE_COMMIT_HOME=str(tmp_path / "home"), PATH=f"{PYTHON}:{os.environ['PATH']}",
                      GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@example.org", GIT_COMMITTER_NAME="t",
                      GIT_COMMITTER_EMAIL="t@example.org")  # fmt: skip

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, cwd=desk, env=env, capture_output=True, text=True, check=False, timeout=120)

    installed = run("pre-commit", "install")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    git(desk, "add", "-A")
    kept_out = run("git", "commit", "-m", "no rendered files")
    assert kept_out.returncode == 1, kept_out.stdout + kept_out.stderr
    assert re.search(r"qtctl gate\.+Failed", kept_out.stderr + kept_out.stdout), kept_out.stderr
    assert "QT1301" in kept_out.stderr + kept_out.stdout
    (program,) = (tmp_path / "home").glob("repo*/py_env-*/bin/qtctl")
    rendered = run(str(program), "render", "--out", "rendered/box")
    assert rendered.returncode == 0, rendered.stderr
    git(desk, "add", "-A")
    let_in = run("git", "commit", "-m", "all of them")
    assert let_in.returncode == 0, let_in.stdout + let_in.stderr
    assert len(re.findall(r"qtctl (gate|lint)\.+Passed", let_in.stderr + let_in.stdout)) == 2


def test_the_hooks_are_as_pre_commit_wants_them() -> None:
    done = subprocess.run(
        [f"{PYTHON}/pre-commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout
