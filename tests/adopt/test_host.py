"""A live host is adopted over SSH by an ordinary account, and what is rendered is what it had."""

from pathlib import Path

import pytest

from qtctl.lab import lab
from tests.cli.world import qtctl

pytestmark = pytest.mark.lab

UNITS = {
    "fleet-a.service": "[Unit]\nDescription=A\n[Service]\nExecStart=/bin/sleep infinity\nMemoryMax=64M\n"
    "[Install]\nWantedBy=multi-user.target\n",
    "fleet-b.service": "[Service]\nExecStart=/bin/sleep infinity\nEnvironment=TOKEN=hunter2hunter2\n",
    "ssh.service.d/fleet.conf": "[Service]\nOOMScoreAdjust=-900\n",
}
LINKED = "[Service]\nType=oneshot\nExecStart=/bin/true\n"


def put(host: str, script: str, stdin: str = "") -> None:
    done = lab.execute(host, ["sh", "-ec", script], stdin=stdin.encode())
    assert done.returncode == 0, done.stderr


def test_a_live_host(host: str, tmp_path: Path) -> None:
    for path, text in UNITS.items():
        file = f"/etc/systemd/system/{path}"
        put(host, f"mkdir -p $(dirname {file}); cat >{file}", text)
    put(host, "mkdir -p /opt/fleet; cat >/opt/fleet/fleet-linked.service", LINKED)
    put(host, "systemctl link /opt/fleet/fleet-linked.service; systemctl daemon-reload; "
              "systemctl enable --now fleet-a.service")  # fmt: skip
    put(host, "touch /etc/systemd/system/fleet-shut.service; chmod 600 /etc/systemd/system/fleet-shut.service")
    try:
        ran = qtctl(tmp_path, "adopt", "host", host, "--out", "made", "--unit", "fleet-*", "--unit", "ssh.service",
                    env=lab_env())  # fmt: skip
        assert ran.code in (1, 3), ran.err
        made = tmp_path / "made"
        assert 'state = "running"' in (made / "services/a.toml").read_text()
        assert 'state = "stopped"' in (made / "services/b.toml").read_text()
        assert (made / "services/linked.toml").is_file()
        assert "ssh.service" in (made / "dropins.toml").read_text()
        assert "systemd = 2" in (made / "hosts.toml").read_text()
        assert not any("hunter2hunter2" in path.read_text() for path in made.rglob("*") if path.is_file())
        assert "hunter2hunter2" not in ran.out + ran.err
        again = qtctl(tmp_path, "render", "--registry", "made", "--out", "rendered")
        assert again.code == 0, again.err
        text = (tmp_path / "rendered/etc/systemd/system/fleet-a.service").read_text()
        assert "MemoryMax=64M" in text
    finally:
        put(host, "systemctl disable --now fleet-a.service; rm -rf /etc/systemd/system/fleet-* "
                  "/etc/systemd/system/ssh.service.d /opt/fleet; systemctl daemon-reload")  # fmt: skip


def lab_env() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name.startswith("QTCTL_")}
