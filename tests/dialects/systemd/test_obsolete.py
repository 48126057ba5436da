"""What is called obsolete, with this machine's systemd as the judge."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from qtctl.dialects.systemd.obsolete import find_obsolete_value

SAYS = re.compile(r"obsolete|deprecated|legacy directory")
OLD = {
    "service": (
        "StandardOutput=syslog", "StandardError=syslog+console", "KillMode=none", "PIDFile=/var/run/x.pid",
        "ExecStop=/bin/echo %c", "ExecStop=/bin/echo %%%R", "Environment=A=%r",
    ),
    "socket": ("ListenStream=/var/run/x", "ListenFIFO=/var/run/x", "StandardOutput=syslog", "ListenDatagram=/var/run/x",
               "ListenSequentialPacket=/var/run/x"),
}  # fmt: skip
FINE = {
    "service": (
        "StandardOutput=journal", "StandardError=journal+console", "KillMode=mixed", "PIDFile=/run/x.pid",
        "ExecStop=/bin/echo %%c", "ReadWritePaths=/var/run/x", "WorkingDirectory=/var/run/x", "Environment=A=%i",
    ),
    "socket": ("ListenStream=/run/x", "ListenStream=80", "ListenSpecial=/var/run/x", "ListenUSBFunction=/var/run/x"),
}  # fmt: skip
OWN = {"service": "ExecStart=/bin/true\n", "socket": "ListenStream=/run/y\n"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")
def test_systemd_says_so_too(tmp_path: Path) -> None:
    files = {}
    given = [(kind, line) for said in (OLD, FINE) for kind, lines in said.items() for line in lines]
    for number, (kind, line) in enumerate(given):
        files[f"z{number}.{kind}"] = (kind, line)
        (tmp_path / f"z{number}.{kind}").write_text(f"[{kind.title()}]\n{OWN[kind]}{line}\n")
    argv = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *(str(tmp_path / name) for name in files)]
    env = {**os.environ, "SYSTEMD_LOG_LEVEL": "debug"}
    stderr = subprocess.run(argv, capture_output=True, text=True, check=False, env=env).stderr
    told = [each for each in stderr.splitlines() if SAYS.search(each)]
    real = {line for name, (_, line) in files.items() if any(f"{name}:" in each for each in told)}
    ours = {line for kind, line in files.values() if find_obsolete_value(kind.title(), *line.split("=", 1))}
    assert ours == real == {line for lines in OLD.values() for line in lines}
