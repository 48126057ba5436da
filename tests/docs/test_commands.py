"""Every command of the README and of docs/ runs, in the order in which it stands there."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qtctl.lab import lab
from qtctl.lab.needs import PACKAGES
from tests.docs.pages import CONTRIBUTING, INSTALLING, PAGES, ROOT, TUTORIAL, commands, name_of, named_files
from tests.machine import own_lab

README = ROOT / "README.md"
INSTALL, TEST, MODULE = "apt-get update", "sh tests/run", "python -m tests."
"""How those begin that install, test and measure: they are checked, and not run in a test of their own."""
LAB_HOME = "/var/lib/qtctl/lab"
OF_EVERY_DEBIAN = {"util-linux", "mount", "systemd"}
EXITS = re.compile(r"# exits with ([0-9]+)")
WAIT_S = 180


@dataclass(frozen=True)
class Desk:
    """Where a reader of the pages sits: a copy of the tree, with qtctl in PATH."""

    folder: Path
    env: dict[str, str]

    def run(self, command: str) -> str:
        """Run a line of a page, answering yes where it asks; its output. It exits as the page says, else with 0."""
        expected = EXITS.search(command)
        line = command.replace(LAB_HOME, os.environ.get("QTCTL_STATE", LAB_HOME))
        ours, theirs = pty.openpty()
        try:
            os.write(ours, b"y\n")
            done = subprocess.run(
                ["sh", "-c", line], cwd=self.folder, env={**os.environ, **self.env}, stdin=theirs, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=WAIT_S,
            )  # fmt: skip
        finally:
            os.close(ours)
            os.close(theirs)
        assert done.returncode == int(expected[1] if expected else 0), f"$ {command}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    for name in ("registry", "unit_templates", "docs"):
        shutil.copytree(ROOT / name, folder / "tree" / name)
    program = folder / "bin" / "qtctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m qtctl "$@"\n'
    )
    program.chmod(0o755)
    for page in PAGES:
        for path, text in named_files(page).items():
            (folder / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / path).write_text(text)
    return Desk(folder / "tree", {"PATH": f"{program.parent}:{os.environ['PATH']}"})


@pytest.fixture(scope="module")
def a_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_lab(tmp_path_factory.mktemp("lab")):
        yield
        lab.down([host.name for host in lab.list_hosts()])


def big(command: str) -> bool:
    return command.startswith((INSTALL, TEST, MODULE))


def wants_host(command: str) -> bool:
    """Of `init`, --host is what a host is to be called."""
    return bool(re.search(r"--host|--from|qtctl lab|^ssh ", command)) and not command.startswith("qtctl init ")


EVERY = {
    page: [line for line in commands(page) if not big(line)]
    for page in PAGES
    if page not in (CONTRIBUTING, INSTALLING, TUTORIAL)
}
WITH_HOST: list[Path] = [page for page, lines in EVERY.items() if any(map(wants_host, lines))]
WITHOUT_HOST = [page for page, lines in EVERY.items() if lines and page not in WITH_HOST]
DEPLOY = ROOT / "docs/deploy.md"
USE = ROOT / "docs/use.md"
LAB = ROOT / "docs/lab.md"


def order(page: Path) -> tuple[bool, bool, bool, bool, Path]:
    """The README first; then deploy.md, which leaves lab1 as the others want it. Last those that end the lab.

    lab.md is the last of them, as it boots hosts and deploys to one itself.
    """
    return page != README, page != DEPLOY, page == LAB, page == USE, page


IN_ORDER = sorted(WITH_HOST, key=order)
"""A deploy to a new host takes 20 s of processor time: all pages but the last share the README's."""


def test_pages_have_commands() -> None:
    assert README in WITH_HOST
    assert {"docs/audit.md", "docs/deploy.md", "docs/lab.md", "docs/registry.md"} <= {
        name_of(page) for page, lines in EVERY.items() if lines
    }


@pytest.mark.parametrize("page", WITHOUT_HOST, ids=name_of)
def test_commands_that_need_no_host(desk: Desk, page: Path) -> None:
    for command in EVERY[page]:
        desk.run(command)


@pytest.mark.lab
@pytest.mark.usefixtures("a_lab")
@pytest.mark.parametrize("page", IN_ORDER, ids=name_of)
def test_commands_with_a_host(desk: Desk, page: Path) -> None:
    if page not in (README, DEPLOY, LAB) and lab.find("lab1") is None:
        for command in EVERY[DEPLOY]:
            desk.run(command)
    for command in EVERY[page]:
        desk.run(command)


WENT_WRONG = [
    (r"[\w-]+\.service was stopped", r"error  QT219  .*[\w-]+\.service", r"\+ start [\w-]+\.service"),
    (r"the file of [\w-]+\.service was edited", r"warning  QT210  [\w-]+\.service", r"~ write /etc/systemd/system/"),
    (r"[\w-]+\.timer was disabled", r"(error|warning)  QT2\d\d  [\w-]+\.timer", r"\+ enable [\w-]+\.timer"),
]
DOCUMENTS = {
    "lint": "qtctl lint --format json",
    "audit": "qtctl audit --from evidence.json --format json",
    "fleet-audit": "qtctl audit --host lab8,lab9 --format json 2>/dev/null # exits with 3",
    "registry": "qtctl report registry --from evidence.json --format json",
    "parity": "qtctl parity --compose docker-compose.yml --registry my-registry --format json # exits with 3",
    "evidence": "cat evidence.json",
    "lab": "qtctl lab list --format json",
}


@pytest.mark.lab
@pytest.mark.usefixtures("a_lab")
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_what_is_for_machines_follows_its_schema(desk: Desk, name: str) -> None:
    if not (desk.folder / "evidence.json").is_file():
        for command in (*EVERY[README], *EVERY[USE]):
            desk.run(command)
    if name == "lab" and lab.find("lab1") is None:
        desk.run("qtctl lab up")
    schema = json.loads((ROOT / "docs/schemas" / f"{name}.json").read_text())
    Draft202012Validator(schema).validate(json.loads(desk.run(DOCUMENTS[name])))


def test_errors_of_lint_follow_its_schema(desk: Desk) -> None:
    (desk.folder / "broken").mkdir(exist_ok=True)
    (desk.folder / "broken" / "fleet.toml").write_text("name = 5\nunit_prefix =\n")
    found = desk.run("qtctl lint --registry broken --format json 2>/dev/null # exits with 2")
    schema = json.loads((ROOT / "docs/schemas/lint.json").read_text())
    Draft202012Validator(schema).validate(json.loads(found))


def test_modules_that_pages_run_are_there() -> None:
    named = [shlex.split(line)[2] for page in PAGES for line in commands(page) if line.startswith(MODULE)]
    assert [name for name in named if find_spec(name) is None] == []


def readme_command(start: str) -> str:
    found = [line for line in commands(README) if line.startswith(start)]
    assert len(found) == 1, found
    return found[0]


def test_the_first_command_installs_all_that_the_lab_needs_and_runs_the_demo() -> None:
    update, install, venv, pip, link, demo = readme_command(INSTALL).split(" && ")
    assert update == INSTALL
    packages = set(shlex.split(install)[2:]) - {"-y", "--no-install-recommends"}
    assert install.startswith("apt-get install -y --no-install-recommends ")
    assert packages >= {"python3-venv", *PACKAGES.values()} - OF_EVERY_DEBIAN
    assert (venv, pip, demo) == ("python3 -m venv .venv", ".venv/bin/pip install .", "qtctl demo")
    # So that `qtctl` is found in every shell from now on, as the README goes on to type it.
    assert link == 'ln -sf "$PWD/.venv/bin/qtctl" /usr/local/bin/qtctl'
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"qtctl": "qtctl.__main__:main"}


@pytest.mark.lab
@pytest.mark.usefixtures("a_lab")
def test_the_demo_of_the_first_command(desk: Desk) -> None:
    said = desk.run(readme_command(INSTALL).split(" && ")[-1])
    made = {path.name for path in (desk.folder / "qtctl-demo").iterdir()}
    assert made == {
        "audit.json", "audit.md", "audit-broken.md", "registry.json", "registry.md", "evidence.json"
    }  # fmt: skip
    good, bad, healed = re.findall(r"([0-9]+) checks: ([0-9]+) hold, ([0-9]+) broken, ([0-9]+) unknown", said)
    assert good == healed
    assert good[2:] == ("0", "0")
    assert int(bad[2]) >= len(WENT_WRONG)
    # Each of the three is told, found, and healed by a line of the plan; the commands that follow are the README's own.
    for what, finding, step in WENT_WRONG:
        assert re.search(what, said), said
        assert re.search(finding, said), said
        assert re.search(step, said), said
    assert "  qtctl deploy --host lab1\n" in said
    assert lab.find("demo1") is None


def test_the_second_command_is_what_ci_runs() -> None:
    assert readme_command(TEST) == TEST
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', f"exec {TEST}"]
    script = ROOT / "tests/run"
    subprocess.run(["sh", "-n", script], check=True)
    for tool in ("ruff check .", "ruff format --check .", "mypy", "lint-imports", 'exec pytest "$@"'):
        assert tool in [line.strip() for line in script.read_text().splitlines()]
