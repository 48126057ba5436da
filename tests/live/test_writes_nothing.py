"""An audit leaves no trace on the host but that someone logged in, and only reads from Redis."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from qtctl.lab import inside, lab
from qtctl.lab.processes import find_process
from tests.live.box import Box, Ran, qtctl

pytestmark = pytest.mark.lab

LOGIN_RECORDS = ("/var/log/*", "/var/log")
"""Besides wtmp, btmp and lastlog also the journal, where sshd and logind write of each login."""
STANDINS = ("/var/lib/redis", "/var/lib/redis/*")
"""What the stand-ins write comes to disk when Redis saves, every five minutes."""
READING = {"INFO", "PING", "SCAN", "TIME", "TTL", "TYPE", "XINFO", "XPENDING"}
ASKED_AT_LEAST = 40
QUIET_TRIES = 10
PAUSE_MS = 30_000
"""How long the stand-ins' writes wait, if they are not let go before. Who only reads does not wait."""
OWN_KEYS = """
SET live:text kept
EXPIRE live:text 3000
XADD live:stream 1-1 field kept
XGROUP CREATE live:stream readers 0
XREADGROUP GROUP readers one COUNT 1 STREAMS live:stream >
"""
SNAPSHOT = """
import json, os, stat, sys

SKIPPED = {"/proc", "/sys", "/dev", "/run"}


def look(path):
    at = os.lstat(path)
    said = os.readlink(path) if stat.S_ISLNK(at.st_mode) else ""
    # Whoever writes to a file, or gives it another time, changes its ctime.
    return [at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_mode, at.st_uid, at.st_gid, said]


found = {}
for top, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(top, name) not in SKIPPED]
    for name in [*folders, *files]:
        try:
            found[os.path.join(top, name)] = look(os.path.join(top, name))
        except FileNotFoundError:
            pass
json.dump(found, sys.stdout)
"""
CONTENTS = """
redis-cli --scan | sort > /run/live-keys
while read -r key; do
  printf 'TYPE "%s"\\nDUMP "%s"\\nPEXPIRETIME "%s"\\n' "$key" "$key" "$key"
done < /run/live-keys | redis-cli --raw | sha256sum
wc -l < /run/live-keys
cat /run/live-keys
rm /run/live-keys
"""


def test_no_file_changes_but_login_records(box: Box) -> None:
    """In a moment in which no timer's program starts or ends: each has a /tmp of its own, which changes /tmp."""
    for _ in range(QUIET_TRIES):
        started, before = _started(box), _files(box)
        audited = box.audit()
        after, started_then = _files(box), _started(box)
        if started == started_then:
            break
    assert audited.code == 0, audited.err
    assert started == started_then, "a timer's program ran each time"
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path for path in changed if not _expected(path)} == set()
    assert len(before) > 1000


def test_redis_is_only_read(box: Box, tmp_path: Path) -> None:
    """While the writes of the stand-ins wait, the contents stay as they are, and nobody but the audit asks anything."""
    box.sh(f"redis-cli > /dev/null <<'END'{OWN_KEYS}END")
    try:
        known = set(re.findall(r"\baddr=(\S+)", box.sh("redis-cli CLIENT LIST")))
        with _writes_waiting(box):
            before = box.sh(CONTENTS)
            with _monitor(box, tmp_path / "seen"):
                audited = box.audit()
            after = box.sh(CONTENTS)
    finally:
        box.sh("redis-cli DEL live:text live:stream > /dev/null")
    assert before == after
    assert "live:stream" in before
    _only_reads(audited, (tmp_path / "seen").read_text(), known)
    assert {each["id"] for each in audited.json()["findings"]} == {"QT512"}
    assert box.until_healthy().code == 0


def test_a_registry_report_only_reads(box: Box, tmp_path: Path) -> None:
    known = set(re.findall(r"\baddr=(\S+)", box.sh("redis-cli CLIENT LIST")))
    with _writes_waiting(box), _monitor(box, tmp_path / "seen"):
        reported = qtctl("report", "registry", "--host", box.name)
    _only_reads(reported, (tmp_path / "seen").read_text(), known)
    assert box.until_healthy().code == 0


def _only_reads(ran: Ran, monitored: str, known: set[str]) -> None:
    """`known`: addresses of the connections that were there before. The audit's own is one, a new one.

    That writes wait is a finding.
    """
    assert ran.code == 1, ran.err
    seen = re.findall(r'^[0-9.]+ \[[0-9]+ (\S+?)\] "([^"]+)"', monitored, re.MULTILINE)
    asked = [(address, command.upper()) for address, command in seen if address not in known]
    assert {command for _, command in asked} <= READING
    assert len({address for address, _ in asked}) == 1
    assert len(asked) >= ASKED_AT_LEAST


def _files(box: Box) -> dict[str, list[object]]:
    done = lab.execute(box.name, ["python3", "-"], stdin=SNAPSHOT.encode())
    assert done.returncode == 0, done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def _started(box: Box) -> list[str]:
    """Each service's invocation and whether it still runs, without those that a login starts."""
    shown = box.sh("systemctl show --all -p Id,InvocationID,ActiveState '*.service'").split("\n\n")
    return sorted(each for each in shown if "user@" not in each and "user-runtime-dir@" not in each)


def _expected(path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in (*LOGIN_RECORDS, *STANDINS))


@contextmanager
def _writes_waiting(box: Box) -> Iterator[None]:
    box.sh(f"redis-cli CLIENT PAUSE {PAUSE_MS} WRITE > /dev/null")
    try:
        yield
    finally:
        box.sh("redis-cli CLIENT UNPAUSE > /dev/null")


@contextmanager
def _monitor(box: Box, into: Path) -> Iterator[None]:
    """Everything that Redis is asked meanwhile."""
    host = lab.find(box.name)
    assert host is not None
    leader = find_process(host.leader or 0)
    assert leader is not None
    command = [*inside.enter(leader), "redis-cli", "MONITOR"]
    with into.open("wb") as file, subprocess.Popen(command, stdout=file, start_new_session=True) as monitor:
        try:
            _until_written(into)
            yield
            time.sleep(0.1)
        finally:
            inside.end(monitor)


def _until_written(path: Path) -> None:
    """MONITOR says OK once it watches."""
    deadline = time.monotonic() + 10
    while not path.read_bytes().startswith(b"OK"):
        assert time.monotonic() < deadline, "MONITOR does not start"
        time.sleep(0.02)
