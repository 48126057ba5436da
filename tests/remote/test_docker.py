"""A docker command that does not answer, as the helper and as a deploy ask it: neither waits for it without end."""

import shlex
import subprocess
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script

ID = "0" * 64
QUICK = 'timeout() { echo "$4" >>$base/limits; shift 4; command timeout --foreground -k 0.1 0.2 "$@"; }\n'
"""Each limit is noted, and is 0.2 s here."""
STEP = f"1\tstop-container\tshop-api-1\t{ID}\t-\t-\t-\tno\n"


def run(base: Path, docker: str, command: str) -> tuple[str, list[str]]:
    """What the command prints with this `docker` on the host, and the limits that it was given."""
    tools = base / "bin"
    tools.mkdir()
    (tools / "docker").write_text(f"#!/bin/sh\n{docker}\n")
    (tools / "docker").chmod(0o755)
    (base / "steps").write_text(STEP)
    parts = "".join(map(read_script, ("docker.sh", "helper.sh", "helper_more.sh")))
    head = f"base={shlex.quote(str(base))} home=$base rules='container api' PATH=$base/bin:$PATH\n"
    refuse = "refuse() { printf '%s\\n' \"$*\"; exit 77; }\n"
    script = f"{parts}{head}{refuse}{QUICK}{command}\n"
    done = subprocess.run(["dash"], input=script, capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr == ""
    limits = base / "limits"
    return done.stdout, limits.read_text().split() if limits.exists() else []


@pytest.mark.parametrize("hangs", ["exec sleep 60", "trap '' TERM; exec sleep 60"])
def test_the_helper_says_that_docker_does_not_answer(tmp_path: Path, hangs: str) -> None:
    """And not that the host was not prepared for its container."""
    said = run(tmp_path, hangs, "helper_check_steps")
    assert said == ("1 container shop-api-1: docker inspect: no answer in 10 s\n", ["10"])


def test_the_helper_says_what_it_was_not_prepared_for(tmp_path: Path) -> None:
    said, _ = run(tmp_path, "echo '\"other\"'", "helper_check_steps")
    assert said.startswith("1 container shop-api-1: it would be stopped, which this host was not prepared for")


def test_the_helper_takes_what_it_was_prepared_for(tmp_path: Path) -> None:
    assert run(tmp_path, "echo '\"api\"'", "helper_check_steps; echo good") == ("good\n", ["10"])


def test_a_deploy_says_it_too(tmp_path: Path) -> None:
    check = f'docker_s=10; can_stop_container {ID} || echo "$said"'
    assert run(tmp_path, "exec sleep 60", check) == ("docker inspect: no answer in 10 s\n", ["10"])
