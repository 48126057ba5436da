"""The comment of a change: the plan of each host and the changes in parity, for whatever is proposed."""

import json
import shutil
from pathlib import Path

import pytest

from qtctl.cli.exits import Exit
from qtctl.formats import comment
from tests.cli.conftest import RunHere
from tests.formats.test_comment import HOSTILE, SECRETS, render
from tests.gates.desk import ask_for, commit, git, make_desk
from tests.live.box import Box, qtctl

NEW = """\
summary = "New"
state = "running"
target = "core"
[run]
kind = "module"
module = "small.new"
venv = "main"
"""
FEED = "registry/services/feed.toml"


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("change"))
    ask_for(desk, "lint = true", 'parity = ["docker-compose.yml"]')
    commit(desk, "base")
    return desk


@pytest.fixture
def desk(pattern: Path, tmp_path: Path) -> Path:
    shutil.copytree(pattern, tmp_path / "desk")
    return tmp_path / "desk"


def write(desk: Path, run_here: RunHere, base: str = "HEAD") -> str:
    ran = run_here(desk, "gate", "--comment", "comment.md", "--base", base)
    assert ran.code in (Exit.OK, Exit.FINDINGS, Exit.USAGE, Exit.INCOMPLETE), ran.err
    text = (desk / "comment.md").read_text()
    assert text.startswith("<!-- qtctl gate ")
    assert render(text).count("<details>") == render(text).count("</details>") >= 1
    return text


def test_a_changed_service_is_planned_and_its_parity_compared(desk: Path, run_here: RunHere) -> None:
    text = (desk / "registry/services/api.toml").read_text().replace("127.0.0.1:8000", "0.0.0.0:8000")
    (desk / "registry/services/api.toml").write_text(text)
    shown = write(desk, run_here)
    assert "the plan has 3 steps, 3 changes in parity" in shown.splitlines()[1]
    assert "| `api`<br>docker-compose.yml | `ports.8000:8000` | changed: 127.0.0.1:8000 | kept: 0.0.0.0:8000 |" in shown
    assert "| restart | `small-api.service` |" in shown
    assert "127.0.0.1:8000" in shown
    assert "No evidence (there is no saved evidence)" in shown
    assert "Plan for box: " in shown


def test_a_service_that_is_added_and_one_that_goes(desk: Path, run_here: RunHere) -> None:
    (desk / "registry/services/new.toml").write_text(NEW)
    shown = write(desk, run_here)
    assert "| start | `small-new.service` |" in shown
    base = commit(desk, "new")
    (desk / "registry/services/new.toml").unlink()
    shown = write(desk, run_here, base)
    assert "small-new.service" in shown
    assert "--prune" in shown


def test_a_host_that_is_added_and_one_that_goes(desk: Path, run_here: RunHere) -> None:
    text = (desk / "registry/hosts.toml").read_text()
    (desk / "registry/hosts.toml").write_text(text + text.replace("[box]", "[two]").replace("192.0.2.1", "192.0.2.2"))
    assert "Plan for two: " in write(desk, run_here)
    base = commit(desk, "two")
    (desk / "registry/hosts.toml").write_text(text)
    shown = write(desk, run_here, base)
    assert "`two`: no longer declared" in shown
    assert "Plan for two" not in shown


def test_a_registry_that_is_the_same_says_so_and_is_marked(desk: Path, run_here: RunHere) -> None:
    (desk / "README").write_text("elsewhere\n")
    shown = write(desk, run_here)
    assert "the registry does not change" in shown.splitlines()[1]
    assert shown.splitlines()[0].endswith(" unchanged -->")


@pytest.mark.parametrize("base", ["nowhere", "-x"])
def test_a_base_that_is_not_there_makes_no_plan_and_no_failure(desk: Path, run_here: RunHere, base: str) -> None:
    shown = write(desk, run_here, base)
    assert "**No plan.**" in shown
    assert "Plan for" not in shown


def test_a_base_and_a_change_with_errors_say_so(desk: Path, run_here: RunHere) -> None:
    good = (desk / FEED).read_text()
    (desk / FEED).write_text("nonsense = 1\n")
    assert "The registry has errors" in write(desk, run_here)
    base = commit(desk, "bad")
    (desk / FEED).write_text(good)
    assert "services/feed.toml:1: summary is missing" in write(desk, run_here, base)


@pytest.mark.parametrize("text", HOSTILE[::3])
def test_no_text_of_a_registry_does_anything(desk: Path, run_here: RunHere, text: str) -> None:
    """In its summary, in a value that systemd gets, in a reason, in a name of a file and of a key."""
    said = json.dumps(text.replace("\n", " ").replace("\x1b", "").replace("\u202e", ""))
    feed = (desk / FEED).read_text()
    (desk / FEED).write_text(feed.replace('"Feed"', said) + f"\n[env]\nTEXT = {said}\n")
    legacy = desk / "registry/legacy/docker-compose.toml"
    legacy.write_text(legacy.read_text().replace('why = "Same program."', f"why = {said}", 1))
    shown = write(desk, run_here)
    page = render(shown)
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert "<a " not in page


@pytest.mark.parametrize("secret", SECRETS[::2])
def test_secrets_that_a_registry_holds_by_mistake_are_masked(desk: Path, run_here: RunHere, secret: str) -> None:
    feed = (desk / FEED).read_text()
    (desk / FEED).write_text(
        feed.replace('"Feed"', json.dumps(f"Feed {secret}")) + f"\n[env]\nURL = {json.dumps(secret)}\n"
    )
    for base in ("HEAD", "HEAD"):
        shown = write(desk, run_here, base)
        assert "hunter2" not in shown
        assert "a1B2a1B2" not in shown
        commit(desk)
        (desk / FEED).write_text(feed)


def test_the_comment_of_a_large_change_fits(desk: Path, run_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comment, "MOST", 3000)
    for number in range(20):
        (desk / f"registry/services/job-{number}.toml").write_text(NEW)
    shown = write(desk, run_here)
    assert 2000 < len(shown.encode()) <= 3000
    assert "Cut here" in shown


def test_the_base_is_read_whatever_its_checkout_names(desk: Path, run_here: RunHere, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for key in ("core.fsmonitor", "core.sshCommand", "filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv"):
        git(desk, "config", key, f"touch {mark}; false")
    (desk / ".gitattributes").write_text("*.toml filter=evil diff=evil\n")
    (desk / FEED).write_text((desk / FEED).read_text() + '\n[env]\nMODE = "x"\n')
    mark.unlink(missing_ok=True)
    assert "| restart | `small-feed.service` |" in write(desk, run_here)
    assert not mark.exists()


@pytest.mark.lab
def test_it_is_the_plan_that_the_host_itself_gives(box: Box, tmp_path: Path) -> None:
    """By evidence of an ordinary audit, of a change that touches services, adds one and stops one."""
    shutil.copytree(box.registry, tmp_path / "registry")
    git(tmp_path, "init", "-q")
    commit(tmp_path, "as deployed")
    env = {"QTCTL_REGISTRY": str(tmp_path / "registry")}
    (tmp_path / "evidence").mkdir()
    saved = qtctl("audit", "--host", box.name, "--save", str(tmp_path / "evidence/quantumtrader-prod-1.json"), env=env)
    assert saved.code in (0, 1), saved.err
    services = tmp_path / "registry/services"
    brain, clm = services / "ceo-brain.toml", services / "clm.toml"
    brain.write_text(brain.read_text().replace("[limits]", "[limits]\ntasks_max = 500", 1))
    clm.write_text(clm.read_text().replace('state = "running"', 'state = "stopped"'))
    (services / "brand-new.toml").write_text(
        'summary = "New"\nstate = "running"\n[run]\nkind = "command"\nargv = ["/usr/bin/sleep", "inf"]\n'
    )
    (tmp_path / "registry/policy.toml").write_text("[gate]\nlint = true\n")
    ran = qtctl("gate", "--comment", "comment.md", "--base", "HEAD", cwd=tmp_path)
    assert ran.code in (0, 1), ran.err
    planned = qtctl("plan", "--host", box.name, "--format", "json", env=env).json()
    wanted = [f"| {step['kind']} | `{step['subject']}` |" for step in planned["steps"]]
    shown = [line for line in (tmp_path / "comment.md").read_text().splitlines() if line.startswith("| ")]
    assert len(wanted) > 3
    assert [next((each for each in wanted if line.startswith(each)), line) for line in shown if "`" in line][
        : len(wanted)
    ] == wanted
