"""Unit files as fleets have them: adopted, linted, rehearsed in the lab, deployed there, and audited as declared."""

import json
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab
from tests.adopt.chains import run
from tests.live.box import Ran, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab

WANTED = "\n[Install]\nWantedBy=multi-user.target\n"
UNITS = {
    "zf-host-programs.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStartPre=/bin/systemctl --version\n"
    "ExecStart=/usr/bin/sha256sum /etc/hostname\n" + WANTED,
    "zf-env.service": "[Service]\nEnvironmentFile=/etc/default/zf\nEnvironmentFile=-/etc/default/zf-missing\n"
    "ExecStart=/opt/zf/env\nExecReload=/bin/kill -HUP $MAINPID\n" + WANTED,
    "zf-number.service": "[Service]\nUser=1500\nWorkingDirectory=/srv/zf\n"
    "ExecStart=/usr/bin/python3 -u -W ignore app.py\n" + WANTED,
    "zf-shell.service": "[Unit]\nRequires=zf-absent.service other-absent.service\n"
    "After=redis.service zf-host-programs.service\n"
    "[Service]\nUser=Zf.User\nExecStart=/bin/bash -eu bin/run\nWorkingDirectory=/srv/zf\n" + WANTED,
    "zf-absent.service": "[Service]\nType=oneshot\nExecStart=/opt/zf/once\n" + WANTED,
    "zf-fork.service": "[Service]\nType=forking\nUser=www-data\nPIDFile=/run/zf.pid\nExecStart=/usr/sbin/zf-proxy -d\n"
    + WANTED,
    "zf-redis.service": "[Service]\nType=notify\nExecStart=/usr/bin/redis-server /etc/zf/redis.conf\n" + WANTED,
    "zf-w@.service": "[Service]\nUser=nobody\nEnvironmentFile=/etc/default/zf-%i\nReadWritePaths=/usr/share/doc\n"
    "ExecStart=/opt/zf/worker %i\n" + WANTED,
}


def test_from_unit_files_to_a_host_that_is_as_declared(tmp_path: Path) -> None:
    folder, registry = tmp_path / "units", tmp_path / "registry"
    folder.mkdir()
    for name, text in UNITS.items():
        (folder / name).write_text(text)
    (folder / "multi-user.target.wants").mkdir()
    (folder / "multi-user.target.wants/zf-w@1.service").symlink_to("../zf-w@.service")
    for name in UNITS:
        if "@" not in name:
            (folder / "multi-user.target.wants" / name).symlink_to(f"../{name}")
    adopted = qtctl("adopt", "units", str(folder), "--out", str(registry), "--name", "zf", "--host", "lab1")
    assert adopted.code == 0, adopted.out + adopted.err
    of = ("--registry", str(registry))
    with own_lab(tmp_path / "lab"):
        try:
            up = qtctl("lab", "up", *of)
            assert up.code == 0, up.err
            assert on_host("sha256sum --version").out.startswith("sha256sum (GNU coreutils)")
            assert on_host("stat -c %U /usr/share/doc").out.strip() == "root"
            deployed = qtctl("deploy", *of, "--host", "lab1", "--yes", "--deadline", "30")
            assert deployed.code == 0, deployed.out + deployed.err
            audited: Any = json.loads(qtctl("audit", *of, "--host", "lab1", "--format", "json").out)
            # Its Redis listens where the lab put it, which no unit file says.
            assert {finding["id"] for finding in audited["findings"]} <= {"QT304"}, audited["findings"]
            assert audited["unknowns"] == []
        finally:
            lab.down(["lab1"])


COMPOSE = """\
services:
  web:
    image: x
    entrypoint: [/opt/zf/web, --workers, "2"]
    ports: ["127.0.0.1:8080:3000", "81:81"]
    environment: {LEVEL: info, API_KEY: "${API_KEY}"}
    healthcheck: {test: "curl -f http://localhost:3000/health || exit 1", timeout: 5s}
    depends_on:
      redis: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
    user: "1500"
    restart: unless-stopped
  migrate: {image: x, entrypoint: [migrate-all, --now]}
  redis: {image: "redis:7", ports: ["6379:6379"], healthcheck: {test: redis-cli ping}}
  jobs: {image: x, entrypoint: [/opt/zf/jobs], profiles: [never]}
"""


def test_from_a_compose_file_to_a_host_that_is_as_declared(tmp_path: Path) -> None:
    """A port below 1024, a health URL, a Redis of the fleet's own, a program without a folder, a job to wait for."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    with own_lab(tmp_path / "lab"):
        chain = run(tmp_path / "compose.yaml", tmp_path, "compose", compose=True, host="lab1")
    assert chain.codes == {"adopt": 0, "lint": 0, "lab up": 0, "deploy": 0, "audit": 0}, chain.told
    assert dict(chain.gaps) == {}


def on_host(command: str) -> Ran:
    return qtctl("lab", "exec", "lab1", "--", "sh", "-c", command)
