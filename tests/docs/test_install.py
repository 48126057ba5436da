"""The wheel: all that qtctl needs is in it, and it is installed as the README says, away from the repository."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import INSTALLING, ROOT, blocks_below

UV = Path(sys.executable).parent / "uv"
pytestmark = pytest.mark.skipif(not UV.exists(), reason="uv is not beside this Python: it builds the wheel")


def run(*argv: str, cwd: Path, **env: str) -> str:
    odd = ("PYTHON", "VIRTUAL_ENV", "QTCTL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(odd)}
    done = subprocess.run(argv, cwd=cwd, env={**clean, **env}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(str(UV), "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT), cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_has_every_file_of_the_package_and_the_manual_page(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "qtctl").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= names
    assert any(name.endswith(".data/data/share/man/man1/qtctl.1") for name in names)
    assert not any(name.startswith("tests/") for name in names)


WAYS = ("uv", "pipx", "pip", "Debian package")


def test_every_way_of_the_page_is_followed() -> None:
    """uv and the package in every run, all of them in tests/release in roots of each release."""
    page = INSTALLING.read_text()
    found = [each for each in re.findall(r"^## (.*)$", page, re.MULTILINE) if blocks_below(INSTALLING, each)]
    assert tuple(found) == WAYS
    assert all(len(blocks_below(INSTALLING, each)) == 2 for each in WAYS)


def test_the_page_with_uv(wheel: Path, tmp_path: Path) -> None:
    """Findings, schemas, templates and the registry of the demo, seen from another folder."""
    first, second = blocks_below(INSTALLING, "uv")
    own = Path(run(str(UV), "cache", "dir", cwd=tmp_path).strip())
    where = {
        "HOME": str(tmp_path), "UV_CACHE_DIR": str(own), "UV_PYTHON": sys.executable,
        "PATH": f"{tmp_path / '.local/bin'}:{UV.parent}:/usr/bin:/bin",
    }  # fmt: skip
    where |= dict.fromkeys(("XDG_DATA_HOME", "XDG_BIN_HOME", "XDG_CACHE_HOME"), "")
    assert re.search(r"^qtctl \S+ \(", run("sh", "-euc", first, cwd=wheel.parent, **where), re.MULTILINE)
    program = str(tmp_path / ".local/bin/qtctl")
    assert run(program, "explain", "QT505", cwd=tmp_path).startswith("# QT505")
    schema = json.loads(run(program, "schema", "service", cwd=tmp_path))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    # It renders what it makes, with the templates and the schemas of the wheel.
    run(program, "init", "shop", "--name", "shop", "--host", "web-1", "--address", "192.0.2.1", cwd=tmp_path)
    assert (tmp_path / ".local/share/uv/tools/qtctl/share/man/man1/qtctl.1").is_file()
    run("sh", "-euc", second, cwd=wheel.parent, **where)
    assert not Path(program).exists()


def test_pip_install_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """By pip, into a venv of its own that no network fills: what qtctl depends on is that of this venv."""
    run(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    venv = tmp_path / "venv"
    pip = (str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-compile")
    run(*pip, "--no-deps", str(wheel), cwd=tmp_path)
    _lend_packages(venv)
    _check_program(venv / "bin/qtctl", tmp_path)


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="pipx comes from the package index: tried in CI alone")
def test_pipx_install_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    where = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    pipx = (
        str(UV),
        "tool",
        "run",
        "--python",
        sys.executable,
        "pipx",
        "install",
        "--quiet",
        "--python",
        sys.executable,
    )
    run(*pipx, "--pip-args=--no-compile", str(wheel), cwd=tmp_path, **where)
    _check_program(tmp_path / "bin/qtctl", tmp_path)
    assert (tmp_path / "man/man1/qtctl.1").is_file(), "as the README says"


def _lend_packages(venv: Path) -> None:
    """Let a venv see the packages of this one, behind its own; a .pth in them, as of this checkout, is not followed."""
    (own,) = venv.glob("lib/python*/site-packages")
    (own / "of-the-tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")


def _check_program(qtctl: Path, folder: Path) -> None:
    """It is the wheel's, and finds its templates, schemas and registries from any folder."""
    python = str(qtctl.resolve().parent / "python")
    imported = Path(run(python, "-c", "import qtctl; print(qtctl.__file__)", cwd=folder).strip())
    assert not imported.is_relative_to(ROOT)
    assert run(str(qtctl), "--version", cwd=folder).startswith("qtctl ")
    run(str(qtctl), "init", "shop", "--name", "shop", "--host", "web-1", "--address", "192.0.2.1", cwd=folder)
    run(str(qtctl), "lint", "--registry", "shop", cwd=folder)
    run(str(qtctl), "render", "--registry", "shop", "--out", "rendered", cwd=folder)
    assert list((folder / "rendered").rglob("*.service"))
    assert "qtctl demo" in run(str(qtctl), "demo", "--help", cwd=folder)
    # Where no host can be booted, it audits the recorded one, against the registry: both come with it.
    powerless = ("setpriv", "--bounding-set=-sys_admin") if os.geteuid() == 0 else ()
    run(*powerless, str(qtctl), "demo", "--out", "reports", cwd=folder, CI="")
    assert json.loads((folder / "reports/audit.json").read_text())["totals"]["holds"] > 0
