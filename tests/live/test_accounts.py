"""Accounts, folders and names in the hosts file, as an operator deploys them: made, kept, refused, and what failed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.box import Box, Ran, qtctl
from tests.live.registries import changed

pytestmark = pytest.mark.lab

USERS, FOLDERS = "/etc/sysusers.d/quantum-trader.conf", "/etc/tmpfiles.d/quantum-trader.conf"
UNIT = "quantum-clm.service"
ODD = '/srv/50% "of" it\'s ü'
MORE_USERS = """[more]
summary = 'Does 50% of "it"; ü'
home = "/srv/more"
groups = ["adm", "more-new"]

[quantum-rl-dashboard]
"""
MORE_FOLDERS = f"""[{json.dumps(ODD)}]
summary = "Odd"
user = "more"
mode = "2770"

["/var/log/quantum"]
"""
NAMES = '"127.0.0.1" = ["quantum_redis"]'
STARTS = """
units=$(systemctl list-units --state=running --plain --no-legend 'quantum*.service' | cut -d' ' -f1)
systemctl show -p Id,InvocationID $units
"""
CLEAN = "userdel more; groupdel more-new; groupdel -f more || true; rmdir /srv/50*"


def deploy(box: Box, registry: Path | None = None) -> Ran:
    return qtctl("deploy", "--host", box.name, "--yes", *(("--registry", str(registry)) if registry else ()))


@pytest.fixture
def healed(box: Box) -> Iterator[None]:
    yield
    again = deploy(box)
    assert again.code == 0, again.err
    audited = box.until_healthy()
    assert (audited.code, audited.json()["findings"]) == (0, [])
    box.sh("rm -rf /var/lib/qtctl")


def more(tmp_path: Path) -> Path:
    """A registry with an account, a folder of its own and another name more."""
    registry = changed(tmp_path / "registry", "users.toml", "[quantum-rl-dashboard]\n", MORE_USERS)
    for file, old, new in (
        ("folders.toml", '["/var/log/quantum"]\n', MORE_FOLDERS),
        ("hosts.toml", NAMES, '"127.0.0.1" = ["quantum_redis", "redis"]\n"::1" = ["redis"]'),
    ):
        text = (registry / file).read_text()
        assert text.count(old) == 1
        (registry / file).write_text(text.replace(old, new))
    return registry


@pytest.mark.usefixtures("healed")
def test_what_is_declared_is_made_and_what_is_retired_stays(box: Box, tmp_path: Path) -> None:
    registry = more(tmp_path)
    starts = box.sh(STARTS)
    before = box.sh("cat /etc/hosts")
    ran = deploy(box, registry)
    assert ran.code == 0, ran.err
    assert "1 run of systemd-sysusers, 1 run of systemd-tmpfiles" in ran.out
    assert box.sh("getent passwd more | cut -d: -f5-7") == 'Does 50% of "it"; ü:/srv/more:/usr/sbin/nologin\n'
    assert box.sh("id -nG more") == "more adm more-new\n"
    assert box.sh("stat -c '%a %U:%G %n' /srv/50*") == f"2770 more:more {ODD}\n"
    assert box.sh("getent ahosts redis | awk '{print $1}' | sort -u") == "127.0.0.1\n::1\n"
    assert box.sh("grep -v -e ' redis' -e quantum_redis /etc/hosts") == before.replace("127.0.0.1 quantum_redis\n", "")
    assert box.sh(STARTS) == starts
    again = deploy(box, registry)
    assert (again.code, again.out) == (0, f"{box.name} is as declared: nothing to change\n")
    try:
        back = deploy(box)
        assert back.code == 0, back.err
        assert box.sh("cat /etc/hosts") == before
        assert not box.succeeds(f"grep -q more {USERS} {FOLDERS}")
        assert box.sh("id -nu more; stat -c %U /srv/50*") == "more\nmore\n"
    finally:
        box.sh(CLEAN)


@pytest.mark.usefixtures("healed")
def test_what_is_missing_is_made_again_though_the_files_are_right(box: Box) -> None:
    box.sh("sed -i /^quantum-rl-dashboard:/d /etc/passwd /etc/group /etc/shadow /etc/gshadow; rmdir /var/log/quantum")
    ran = deploy(box)
    assert ran.code == 0, ran.err
    assert ("no account quantum-rl-dashboard" in ran.out, "no folder /var/log/quantum" in ran.out) == (True, True)
    assert box.sh("id -nu quantum-rl-dashboard; stat -c %a:%U /var/log/quantum") == "quantum-rl-dashboard\n750:qt\n"
    box.sh("chown -R quantum-rl-dashboard: /opt/quantum/rl_dashboard; systemctl restart quantum-rl-dashboard.service")


REFUSED = {
    "another home": (
        "cp -p /etc/passwd /root/kept; sed -i '/^qt:/s,:/home/qt:,:/srv:,' /etc/passwd",
        "mv /root/kept /etc/passwd",
        "its home is /srv, declared /home/qt",
    ),
    "a link for a folder": (
        "mv /var/log/quantum /root/kept; ln -s /srv /var/log/quantum",
        "rm /var/log/quantum; mv /root/kept /var/log/quantum",
        "/var/log/quantum: a link to /srv",
    ),
    "a name by hand, with another address": (
        "cp -p /etc/hosts /root/kept; echo '10.0.0.9 QUANTUM_redis' >> /etc/hosts",
        "mv /root/kept /etc/hosts",
        "quantum_redis is 10.0.0.9 in a line of its own, declared 127.0.0.1",
    ),
    "half a block": (
        "cp -p /etc/hosts /root/kept; sed -i '/END qtctl/d' /etc/hosts",
        "mv /root/kept /etc/hosts",
        "are not there once each",
    ),
    "a file of accounts by hand": (
        f"mv {USERS} /root/kept; echo 'u x' > {USERS}",
        f"mv /root/kept {USERS}",
        "--take-over",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_in_the_way_is_refused(box: Box, case: str) -> None:
    inflict, heal, reason = REFUSED[case]
    box.sh(inflict)
    try:
        before = box.sh("find /etc /var/log/quantum -printf '%p %T@ %m %u\\n' | sort")
        ran = deploy(box)
        assert (ran.code, reason in ran.err) == (4, True), ran.err
        assert box.sh("find /etc /var/log/quantum -printf '%p %T@ %m %u\\n' | sort") == before
    finally:
        box.sh(heal)


@pytest.mark.usefixtures("healed")
def test_a_tool_that_fails_is_a_failed_deploy(box: Box, tmp_path: Path) -> None:
    """Nothing after it is done, and what was written is taken back."""
    old, new = '["/var/log/quantum"]\n', '["/mnt/sealed/a"]\nsummary = "x"\n\n["/var/log/quantum"]\n'
    registry = changed(tmp_path / "registry", "folders.toml", old, new)
    clm = registry / "services/clm.toml"
    clm.write_text(clm.read_text().replace('UPDATE_INTERVAL_S = "300"', 'UPDATE_INTERVAL_S = "600"'))
    box.sh("mkdir /mnt/sealed; mount -t tmpfs -o ro sealed /mnt/sealed")
    try:
        ran = deploy(box, registry)
        assert ran.code == 4
        assert f"failed: tmpfiles {FOLDERS}: " in ran.err
        assert "Read-only file system" in ran.err
        assert "it was rolled back, and the host is as it was before: steps failed" in ran.err
        assert f"not run: restart {UNIT}" in ran.err
        assert "sealed" not in box.sh(f"cat {FOLDERS}")
        assert "now runs as declared" not in ran.out
    finally:
        box.sh("umount /mnt/sealed; rmdir /mnt/sealed")
