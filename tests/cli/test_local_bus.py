"""QTCTL_BUS: which library speaks to this machine's bus. pydbus only where it is asked for, and never by halves."""

import subprocess
import sys
from pathlib import Path

import pytest

from qtctl.adapters import local_bus
from qtctl.errors import InputError
from tests.cli.world import environment, qtctl
from tests.machine import DIST_PACKAGES, need_pydbus

LOOKS = (["audit", "--host", "local", "--format", "json"], ["deploy", "--host", "local", "--yes"])
WITHOUT = "import sys; sys.modules['pydbus'] = None; from qtctl.__main__ import main; main()"
LOADED = """
import sys
sys.path.append(sys.argv[1])
from qtctl.adapters.local import LocalHost
from qtctl.errors import HostError
try:
    LocalHost().bus().close()
except HostError:
    pass
print(*sorted({"jeepney", "pydbus", "gi", "qtctl.adapters.dbus_pydbus"} & set(sys.modules)))
"""


@pytest.mark.parametrize("argv", LOOKS, ids=lambda argv: argv[0])
def test_an_unknown_library(world: Path, argv: list[str]) -> None:
    ran = qtctl(world, *argv, env={"QTCTL_BUS": "dbus-python"})
    assert (ran.code, ran.out) == (2, "")
    assert _errors(ran.err) == ["error: QTCTL_BUS=dbus-python: unknown D-Bus library (jeepney or pydbus)"]


@pytest.mark.parametrize("argv", LOOKS, ids=lambda argv: argv[0])
def test_pydbus_is_not_installed(world: Path, argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *argv],
        cwd=world, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        env=environment(world, QTCTL_BUS="pydbus"),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    (error,) = _errors(done.stderr)
    assert error.startswith("error: QTCTL_BUS=pydbus: import of pydbus halted")
    assert error.endswith(
        "(apt-get install python3-pydbus and a venv with --system-site-packages, or pip install 'qtctl[pydbus]')"
    )


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        ("", "jeepney"),
        ("jeepney", "jeepney"),
        ("pydbus", "gi jeepney pydbus qtctl.adapters.dbus_pydbus"),
    ],
)
def test_what_is_loaded(world: Path, value: str, loaded: str) -> None:
    need_pydbus()
    done = subprocess.run(
        [sys.executable, "-c", LOADED, DIST_PACKAGES],
        capture_output=True, text=True, timeout=60, check=True, env=environment(world, QTCTL_BUS=value),
    )  # fmt: skip
    assert done.stdout.strip() == loaded


def test_other_hosts_do_not_ask_for_it(world: Path) -> None:
    ran = qtctl(world, "audit", "--host", "nowhere.invalid", env={"QTCTL_BUS": "dbus-python"})
    assert ran.code == 3, ran.err


def test_not_through_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    need_pydbus()
    monkeypatch.setenv("QTCTL_BUS", "pydbus")
    with pytest.raises(InputError, match=r"QTCTL_BUS=pydbus does not go through sudo \(run qtctl as root"):
        local_bus.choose_library()("here", True, 1.0)


def _errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if not line.startswith(("connecting to", "asking"))]
