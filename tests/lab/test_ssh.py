"""The lab's ssh config, which every process that boots or ends a host writes anew."""

import fcntl
from pathlib import Path

import pytest

from qtctl.lab import ssh
from qtctl.lab.state import HostState


def test_hosts_are_asked_for_while_nobody_else_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for before, a process that was overtaken would write a config without the other's host."""
    monkeypatch.setenv("QTCTL_STATE", str(tmp_path))
    asked = []

    def hosts() -> list[HostState]:
        with (ssh.locate_ssh_folder() / ".lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        asked.append(True)
        return []

    ssh.write_config(hosts)
    assert asked
    assert ssh.locate_config().read_text() == ""
