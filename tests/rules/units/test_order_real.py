"""What we say of circles through default dependencies, and what systemd says of them with the units that it ships."""

import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.model.desired import DesiredTarget
from qtctl.model.desired_file import DesiredFile
from qtctl.model.origin import Origin
from qtctl.rules.units.order import find_components, start_order
from qtctl.rules.view import Unit

OWN = {
    "service": "[Service]\nExecStart=/bin/true\n",
    "socket": "[Socket]\nListenStream=/run/x\n",
    "timer": "[Timer]\nOnCalendar=daily\n",
    "path": "[Path]\nPathExists=/x\n",
    "mount": "[Mount]\nWhat=x\n",
    "automount": "[Automount]\n",
    "target": "",
}
"""Kind → its own section. No swaps: in a container systemd gives them no default dependencies."""
BOOTED = "Wants=basic.target\n"
"""As at a boot, where that is started as well. It orders nothing but a target, which starts after what it wants."""
NAMED = (
    "sysinit.target", "local-fs.target", "sockets.target", "basic.target", "timers.target", "paths.target",
    "slices.target", "dbus.socket", "systemd-tmpfiles-setup.service", "network.target",
)  # fmt: skip
"""Those that a boot of any machine starts, and one that it may not."""
SWEEP = os.environ.get("QTCTL_TEST_SWEEP")
"""Set: all kinds and names; else some, for each takes a process of its own."""
CYCLE = re.compile(r"(?:ordering cycle|Found dependency|Transaction order is cyclic)")


def text(kind: str, key: str, name: str, more: str = "") -> str:
    return f"[Unit]\n{key}={name}\n{BOOTED * (kind != 'target')}{more}{OWN[kind]}"


def in_circle(name: str, text: str, folder: Path) -> bool:
    """Whether systemd says so, of one unit: several could make a circle together."""
    (folder / name).write_text(text)
    argv = ["systemd-analyze", "verify", "--man=no", "--", str(folder / name)]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stderr
    return any(name in line for line in said.splitlines() if CYCLE.search(line))


def unit(name: str, text: str) -> Unit:
    file = DesiredFile(name, text.encode(), "0644", "root", "root", "", "unit", name, Origin("x"))
    parsed = parse(text, name)
    return Unit(name, "", file, DesiredTarget(name, name, name, Origin("x")), parsed, merge_effective(parsed))


def cases() -> list[tuple[str, str]]:
    kinds, names = (OWN, NAMED) if SWEEP else (("service", "socket", "mount"), NAMED[:5])
    found = [(kind, text(kind, key, name)) for kind, key, name in product(kinds, ("Before", "After"), names)]
    return [*found, ("service", text("service", "Before", "sysinit.target", "DefaultDependencies=no\n"))]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")
def test_systemd_finds_the_same_circles(tmp_path: Path) -> None:
    found = 0
    for kind, said in cases():
        name = f"zz.{kind}"
        real = in_circle(name, said, tmp_path)
        assert bool(find_components(start_order({name: unit(name, said)}))) is real, said
        found += real
    assert found > 10
