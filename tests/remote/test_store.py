"""A build that prints without end, one that was stopped, and one whose deploy is gone."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script
from tests.remote.host_script import run_script


def test_of_a_log_without_an_end_its_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    os.truncate(log, 2 << 30)
    with log.open("ab") as end:
        end.write(b"x" * 1000 + b"\nERROR: no matching distribution\n")
    script = f"store=/opt/qtctl/store\n{read_script('store.sh')}ulimit -v 300000\nexplain failed 5 {log}\n"
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == (b"ERROR: no matching distribution;", b"")


def write_run(base: Path, systemd_run: str) -> str:
    """A script that prints the result of a service, of which `systemd_run` stands for systemd-run."""
    stops = f"stop_builder() {{ touch {base}/stopped; }}"
    return (
        f"store={base}/store\n{read_script('store.sh')}\nexec 5>&1\n{stops}\ntimeout() {{ {systemd_run}; }}\n"
        f"ended=$(run_as_nobody qtctl-build 900 {base}/log)\nsay ended $ended\n"
    )


@pytest.mark.parametrize(
    ("code", "status", "ended"),
    [
        ("code=exited, status=0/SUCCESS", 0, "success"), ("code=exited/status=0", 0, "success"),
        ("code=killed, status=15/TERM", 0, "signal"), ("code=killed/status=15", 0, "signal"),
        ("code=exited, status=1/FAILURE", 1, "exit-code"),
    ],
)  # fmt: skip
def test_a_build_that_was_stopped_is_not_built(tmp_path: Path, code: str, status: int, ended: str) -> None:
    """systemd calls it a success."""
    result = "exit-code" if status else "success"
    said = f"Finished with result: {result}\\nMain processes terminated with: {code}\\n"
    done = run_script(write_run(tmp_path, f"printf '{said}'; return {status}"))
    assert done.stdout.split("\n")[-2] == f"qtctl ended {ended}"


def test_a_build_ends_with_the_connection_of_its_deploy(tmp_path: Path) -> None:
    runs = f"until [ -e {tmp_path}/stopped ]; do sleep 0.1; done; echo 'Finished with result: success'"
    with subprocess.Popen(["dash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdin
        assert run.stdout
        run.stdin.write(write_run(tmp_path, runs).encode())
        run.stdin.close()
        time.sleep(1.5)
        assert not (tmp_path / "stopped").exists()
        run.stdout.close()
        try:
            run.wait(10)
        finally:
            run.kill()
    assert (tmp_path / "stopped").exists()


def test_the_helper_does_not_wait_for_ever_for_what_is_to_be_installed() -> None:
    """It holds the lock of the store, and a connection may stop in the middle."""
    library = (
        "open_store() { :; }; get_entry_state() { echo missing; }; refuse() { echo refused; exit 77; }; "
        "install_code() { unpack_code . || refuse; }"
    )
    stubs = f"helper_load_rules() {{ :; }}\nlib_store() {{ {library}; }}\nsize=100000 unpack_s=1\nhelper_store\n"
    script = read_script("helper.sh") + read_script("helper_more.sh") + stubs
    pipe = subprocess.PIPE
    with subprocess.Popen(["dash", "-c", script], stdin=pipe, stdout=pipe, start_new_session=True) as run:
        assert run.stdin
        assert run.stdout
        run.stdin.write(b"install_code\t" + b"0" * 64 + b"\n\n" + b"x" * 60000)
        run.stdin.flush()
        began = time.monotonic()
        killer = threading.Timer(10, os.killpg, (run.pid, signal.SIGKILL))
        killer.start()
        assert run.stdout.readline() == b"refused\n"
        assert time.monotonic() - began < 5
        killer.cancel()
