"""Which directives a running process has something of, and which only the manager reads."""

import pytest

from qtctl.plan.change_impact import needs_new_start

BASE = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/x\n"
SEEN = (
    "ExecStartPre=/bin/a", "ExecStartPost=/bin/a", "WatchdogSec=30s", "PIDFile=/run/x.pid", "RemainAfterExit=yes",
    "UMask=027", "Nice=5", "SupplementaryGroups=adm", "StateDirectory=x", "StateDirectoryMode=0700",
    "LogsDirectory=x", "CacheDirectory=x", "RuntimeDirectory=x", "StandardOutput=null", "StandardError=append:/x",
    "SyslogIdentifier=x", "LogNamespace=x", "LogRateLimitBurst=5", "LogRateLimitIntervalSec=5s",
)  # fmt: skip
UNSEEN = (
    "ExecReload=/bin/a", "ExecStop=/bin/a", "ExecStopPost=/bin/a", "TimeoutStartSec=5s", "TimeoutStopSec=5s",
    "RuntimeMaxSec=1h", "KillMode=mixed", "KillSignal=SIGINT",
)  # fmt: skip


@pytest.mark.parametrize("line", SEEN)
def test_a_needs_new_start_it(line: str) -> None:
    assert needs_new_start(BASE.encode(), f"{BASE}{line}\n".encode(), "x.service")


@pytest.mark.parametrize("line", UNSEEN)
def test_only_the_manager_reads_it(line: str) -> None:
    assert not needs_new_start(BASE.encode(), f"{BASE}{line}\n".encode(), "x.service")


def test_documentation_is_for_readers() -> None:
    new = BASE.replace("[Unit]\n", "[Unit]\nDocumentation=man:x(8)\n")
    assert not needs_new_start(BASE.encode(), new.encode(), "x.service")
