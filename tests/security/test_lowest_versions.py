"""The lowest versions that pyproject.toml allows: they are the documented ones, and qtctl works with them."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
DECISION = ROOT / "docs" / "decisions" / "0031-minimum-versions.md"
TOOLS = ("pytest", "hypothesis", "jsonschema")
"""What the tests themselves need, as it is installed here."""
FAST = (
    "tests/reports/test_audit.py::test_the_whole_report",
    "tests/reports/test_schemas.py",
    "tests/render/test_render.py",
    "tests/registry/test_load.py",
    "tests/lint/test_fix.py::test_a_fix_never_adds_a_finding[clean]",
    "tests/adopt/test_secrets.py",
    "tests/cli/test_exits.py",
    "tests/cli/test_render.py",
    "tests/adapters/test_known_hosts.py",
    "tests/adapters/test_dbus_quick.py",
    "tests/adapters/test_ssh_connect.py::test_the_known_type_is_negotiated",
    "tests/adapters/test_store.py::test_password",
)
ALL = ("tests", "-m", "not lab", "--ignore=tests/docs", f"--ignore={Path(__file__).relative_to(ROOT)}")
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)>=([0-9.]+)(,<[0-9.]+)?(; .+)?")


def _minimums() -> dict[str, str]:
    optional = PYPROJECT["project"]["optional-dependencies"].values()
    found = {}
    for requirement in chain(PYPROJECT["project"]["dependencies"], *optional):
        match = _REQUIREMENT.fullmatch(requirement)
        assert match, f"{requirement} has no minimum"
        found[match[1]] = match[2]
    return found


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_each_minimum_has_its_reason() -> None:
    rows = re.findall(
        r"^\| ([a-zA-Z0-9-]+) \| ([0-9.]+) \| (.+) \|$", DECISION.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: minimum for name, minimum, _ in rows} == _minimums()


def test_the_lock_holds_the_minimums() -> None:
    locked = {package["name"]: package for package in LOCK["package"]}
    for name, minimum in _minimums().items():
        assert _release(locked[name.lower()]["version"]) >= _release(minimum), name
    stated = {each["name"]: each["specifier"] for each in locked["qtctl"]["metadata"]["requires-dist"]}
    for name, minimum in _minimums().items():
        assert f">={minimum}" in stated[name.lower()].split(","), f"{name}: run uv lock"


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        _cannot("uv is not installed")
    return str(found)


def _cannot(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true does not let it pass: {reason}")
    pytest.skip(reason)


def _run(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT, **options)


@pytest.fixture(scope="module")
def lowest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the lowest allowed versions."""
    uv, folder = _uv(), tmp_path_factory.mktemp("lowest") / "venv"
    made = _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
    assert made.returncode == 0, made.stderr
    python = str(folder / "bin" / "python")
    tools = [f"{name}=={importlib.metadata.version(name)}" for name in TOOLS]
    lowest = ("--resolution", "lowest-direct", "--only-binary", ":all:", "-r", "pyproject.toml")
    installed = _run(uv, "pip", "install", "--quiet", "--python", python, *lowest, *tools)
    if installed.returncode != 0 and re.search(r"[Ff]ailed to fetch|error sending request", installed.stderr):
        _cannot(f"no package index can be reached: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr
    listed = json.loads(_run(uv, "pip", "list", "--python", python, "--format", "json").stdout)
    versions = {each["name"].lower(): each["version"] for each in listed}
    for name, minimum in _minimums().items():
        if name.lower() in versions:
            length = len(_release(minimum))
            assert _release(versions[name.lower()])[:length] == _release(minimum), f"{name}: not the lowest"
    return python


def test_the_tests_pass_with_the_lowest_versions(lowest: str) -> None:
    """The fast ones; all that need no lab host with QTCTL_LOWEST=all."""
    which = ALL if os.environ.get("QTCTL_LOWEST") == "all" else FAST
    ran = _run(lowest, "-m", "pytest", "-q", "-p", "no:cacheprovider", *which)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr
    assert " passed" in ran.stdout
