"""What pages say about other tools is in those tools, and what they say about qtctl is in qtctl."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, name_of
from tests.tools.pages import FROM, find_error, list_own_commands, list_their_words
from tests.tools.words import ASKED, READ, find_unknown, load_recorded

PAGES = [*sorted(FROM.glob("*.md")), *sorted((ROOT / "docs/howto").glob("*.md")), ROOT / "docs/drift.md"]
SOURCES = os.environ.get("QTCTL_TOOLS", "")
"""A folder with the sources of goss, inspec and deploy-rs."""


def test_every_page_has_its_tool() -> None:
    assert {page.stem for page in FROM.glob("*.md")} == {*ASKED, *READ}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_of_qtctl_exist(page: Path) -> None:
    commands = list_own_commands(page)
    assert commands
    assert [error for error in map(find_error, commands) if error] == []


@pytest.mark.parametrize("line", ["qtctl adit", "qtctl audit --hots web-1", "qtctl lab upp"])
def test_commands_that_do_not_exist_are_noticed(line: str) -> None:
    assert find_error(line)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_words_of_tools_that_are_here(name: str) -> None:
    words = list_their_words(FROM / f"{name}.md")
    assert [(word, unknown) for word in words if (unknown := find_unknown(word, ASKED[name](word)))] == []


@pytest.mark.parametrize("name", sorted(READ))
def test_words_of_tools_that_were_recorded(name: str) -> None:
    known = load_recorded(name)
    words = list_their_words(FROM / f"{name}.md")
    assert [(word, unknown) for word in words if (unknown := find_unknown(word, known))] == []


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("goss validate --retry-timeout 30s", []),
        ("goss valdate", ["valdate"]),
        ("goss validate --retry-time 30s", ["--retry-time"]),
        ("kernel-parm", ["kernel-parm"]),
    ],
)
def test_words_that_a_tool_does_not_have_are_noticed(line: str, unknown: list[str]) -> None:
    assert find_unknown(line, load_recorded("goss")) == unknown


@pytest.mark.skipif(not SOURCES, reason="QTCTL_TOOLS names a folder with the sources of goss, inspec and deploy-rs")
@pytest.mark.parametrize("name", sorted({*READ} - {"pyinfra"}))
def test_words_of_tools_from_their_sources(name: str) -> None:
    known = READ[name](Path(SOURCES, name))
    words = list_their_words(FROM / f"{name}.md")
    assert [(word, unknown) for word in words if (unknown := find_unknown(word, known))] == []


@pytest.mark.skipif(not SOURCES, reason="installs pyinfra from the package index: set QTCTL_TOOLS")
def test_words_of_pyinfra_itself(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "--quiet", "pyinfra"], check=True)
    (package,) = tmp_path.glob("venv/lib/python3*/site-packages/pyinfra")
    shutil.copytree(package, tmp_path / "pyinfra")
    text = subprocess.run([tmp_path / "venv/bin/pyinfra", "--help"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "pyinfra/help.txt").write_text(text)
    known = READ["pyinfra"](tmp_path / "pyinfra")
    words = list_their_words(FROM / "pyinfra.md")
    assert [(word, unknown) for word in words if (unknown := find_unknown(word, known))] == []
