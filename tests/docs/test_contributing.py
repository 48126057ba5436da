"""docs/contributing.md, followed as it stands in a copy of the tree; and its excerpts, which are in the code.

With QTCTL_LARGE=1 the copy gets its own .venv, as on a fresh machine, and `sh tests/run` runs too.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import CONTRIBUTING, ROOT

STEP = re.compile(r"^(?:Write `(?P<file>[\w./]+)`:\n\n```\w+|```sh)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
EXCERPT = re.compile(r"^From `([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXITS = re.compile(r"# exits with ([0-9]+)")
RUN = "sh tests/run "
LARGE = os.environ.get("QTCTL_LARGE") == "1"
PAGE = CONTRIBUTING.read_text()
LEFT_OUT = (".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache")


def run(folder: Path, command: str) -> str:
    """Its output. It exits as the page says, else with 0."""
    expected = EXITS.search(command)
    odd = ("PYTHON", "VIRTUAL_ENV", "QTCTL_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(odd)}
    # The .venv of this tree has qtctl from here.
    env |= {} if LARGE else {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False, timeout=3600 if LARGE else 180,
    )  # fmt: skip
    assert done.returncode == int(expected[1] if expected else 0), f"$ {command}\n{done.stdout}"
    return done.stdout


def test_from_a_clone_to_a_new_finding(tmp_path: Path) -> None:
    written = [step["file"] for step in STEP.finditer(PAGE) if step["file"]]
    if any((ROOT / file).exists() for file in written):
        pytest.skip("whoever works in this tree has followed the page")
    folder = tmp_path / "qtctl"
    shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    if not LARGE:
        (folder / ".venv").symlink_to(ROOT / ".venv")
    said = {}
    for step in STEP.finditer(PAGE):
        if step["file"]:
            (folder / step["file"]).write_text(step["text"])
            continue
        for command in step["text"].splitlines():
            if LARGE or not command.startswith(RUN):
                said[command] = run(folder, command.replace("/tmp/", f"{tmp_path}/"))
    new = " ".join(file for file in written if file.endswith(".py"))
    run(folder, f".venv/bin/ruff check {new} && .venv/bin/ruff format --check {new}")
    found = next(text for command, text in said.items() if "qtctl audit" in command)
    assert re.search(r"QT799.*`host`.*462 days", found)
    changed = [name for name in ("docs/findings.md", "docs/images/audit.svg") if differs(folder, name)]
    assert changed == ["docs/findings.md", "docs/images/audit.svg"]


def differs(folder: Path, name: str) -> bool:
    return (folder / name).read_bytes() != (ROOT / name).read_bytes()


def test_what_is_left_to_the_whole_run_is_there() -> None:
    whole = [line for step in STEP.finditer(PAGE) for line in step["text"].splitlines() if line.startswith(RUN)]
    paths = [word for line in whole for word in line.split() if word.startswith("tests/")]
    assert len(whole) == 2
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(("file", "text"), EXCERPT.findall(PAGE), ids=[file for file, _ in EXCERPT.findall(PAGE)])
def test_excerpts_are_in_the_code(file: str, text: str) -> None:
    assert text in (ROOT / file).read_text()


def test_the_template_has_the_checklist_of_the_page() -> None:
    template = (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text()
    rows = re.findall(r"^- \[ \] (.+)$", PAGE, re.MULTILINE)
    assert re.findall(r"^- \[ \] (.+)$", template, re.MULTILINE) == [
        re.sub(r"\[(.+?)\]\(.+?\)", r"\1", row) for row in rows
    ]


def test_every_variable_that_runs_more_tests_is_named() -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    named = set(re.findall(r"^\| `(QTCTL_\w+)=", PAGE, re.MULTILINE))
    asked = {name for text in texts for name in re.findall(r"\b(QTCTL_[A-Z_]+)=(?:all|1)\b", text)}
    assert asked <= named
    assert [name for name in named if not any(f'"{name}"' in text for text in texts)] == []
