"""What would make a deploy fail is refused before anything is changed: exit 4, one refusal for each cause."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.box import Box, Ran, qtctl
from tests.live.registries import changed
from tests.live.test_deploy import ENV, EVERY_FILE, UNIT, _invocations

pytestmark = pytest.mark.lab

CLM = "services/clm.toml"
RUN = 'kind = "script"\nscript = "microservices/clm/main.py"\nvenv = "ai-engine"'
COMMAND = 'kind = "command"\nargv = ["{}"]'
ENV_LINE = 'UPDATE_INTERVAL_S = "300"'
CASES: dict[str, tuple[str, str, str, str, str]] = {
    # what is changed in the registry (old, new), what is done to the host and undone, and what is said
    "no program": (RUN, COMMAND.format("/opt/no-such-program"), ":", ":", "/opt/no-such-program is not there"),
    "no interpreter": (
        RUN, COMMAND.format("/opt/script"), r"printf '#!/no/such/sh\n' > /opt/script; chmod +x /opt/script",
        "rm /opt/script", "/no is not there, program /opt/script",
    ),
    "not executable": (
        RUN, COMMAND.format("/opt/script"), r"printf '#!/bin/sh\n' > /opt/script; chmod 644 /opt/script",
        "rm /opt/script", "cannot execute /opt/script",
    ),
    "no user": (
        "[run]", 'user = "nobody-here"\n\n[run]', ":", ":",
        "there is no user nobody-here: systemd would end with 217"
    ),
    "no group": (
        "[run]", 'group = "nobody-here"\n\n[run]', ":", ":",
        "there is no group nobody-here: systemd would end with 216"
    ),
    "no working folder": (RUN, f'{RUN}\ncwd = "/opt/no-such-folder"', ":", ":", "/opt/no-such-folder is not there"),
    "no path of the sandbox": (
        "[limits]", '[sandbox]\nread_write_paths = ["/opt/no-such-folder"]\n\n[limits]', ":", ":",
        "226/NAMESPACE",
    ),
    "no credential": (
        "[limits]", '[secrets]\ncredentials = { a = "/opt/no-such-file" }\n\n[limits]', ":", ":",
        "243/CREDENTIALS",
    ),
    "a port that is held": (
        "[env]", '[ports.http]\nlisten = "127.0.0.1:18998"\n\n[env]\nANOTHER = "1"',
        ("systemd-run -q --unit operators-holder python3 -m http.server 18998 --bind 127.0.0.1; "
        "until ss -Hltn 'sport = :18998' | grep -q .; do sleep 0.1; done"),
        "systemctl stop operators-holder", "port 127.0.0.1:18998 is held by operators-holder.service",
    ),
    "a folder that cannot be written": (
        ENV_LINE, ENV_LINE.replace("300", "600"), ("mount --bind /etc/quantum /etc/quantum; "
        "mount -o remount,bind,ro /etc/quantum"),
        "umount /etc/quantum", "root cannot write",
    ),
    "a file that is mounted": (
        ENV_LINE, ENV_LINE.replace("300", "600"), f"mount --bind {ENV} {ENV}", f"umount {ENV}",
        "something is mounted on it",
    ),
    "no room": (
        ENV_LINE, ENV_LINE.replace("300", "600"),
        ("mkdir /mnt/full; mount -t tmpfs -o size=500k tmpfs /mnt/full; "
        "cp -a /etc/quantum/. /mnt/full/; "
            "dd if=/dev/zero of=/mnt/full/fill bs=1k 2> /dev/null || :; mount --bind /mnt/full /etc/quantum"),
        "umount /etc/quantum; umount /mnt/full; rmdir /mnt/full", "MiB are free, and the deploy needs",
    ),
}  # fmt: skip


@pytest.fixture
def done(request: pytest.FixtureRequest, box: Box) -> Iterator[tuple[str, str, str]]:
    old, new, do, undo, said = CASES[request.param]
    box.sh(do)
    try:
        yield old, new, said
    finally:
        box.sh(undo)


@pytest.mark.parametrize("done", CASES, indirect=True)
def test_it_is_refused_and_nothing_is_changed(box: Box, done: tuple[str, str, str], tmp_path: Path) -> None:
    old, new, said = done
    registry = changed(tmp_path / "registry", CLM, old, new)
    before = (box.sh(EVERY_FILE), _invocations(box))
    ran: Ran = qtctl("deploy", "--host", box.name, "--registry", str(registry), "--yes")
    assert (ran.code, said in ran.err) == (4, True), ran.err
    assert (box.sh(EVERY_FILE), _invocations(box)) == before
    assert UNIT in ran.err or ENV in ran.err or "/etc" in ran.err
