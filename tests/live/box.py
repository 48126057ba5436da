"""The qtctl command and one lab host, as a test uses them: whole processes, real SSH."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtctl.lab import lab
from tests import warm

ROOT = Path(__file__).parent.parent.parent
HEALS_WITHIN_S = 30.0
POLL_S = 0.3
HISTORY, KEPT = "/var/lib/qtctl", "/root/history"


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out, f"exit {self.code}, and nothing said but: {self.err}"
        return json.loads(self.out)


def qtctl(*argv: str, stdin: str | None = None, env: dict[str, str] | None = None, cwd: Path = ROOT) -> Ran:
    """Run the qtctl command as its own process; no terminal. A deploy waits for one second of steadiness."""
    steady = ("--steady", "1") if argv[:1] == ("deploy",) and "--steady" not in argv else ()
    code, out, err = warm.run((*argv, *steady), cwd=cwd, env={**os.environ, **(env or {})}, stdin=stdin, timeout_s=300)
    return Ran(code, out.decode(), err.decode())


@dataclass(frozen=True)
class Box:
    """A booted lab host."""

    name: str
    registry: Path = ROOT / "registry"

    def sh(self, script: str) -> str:
        """Run a shell script on the host as root; its output. A failing one is an error."""
        done = lab.execute(self.name, ["sh", "-euc", script])
        assert done.returncode == 0, f"{script}\n{done.stdout.decode()}{done.stderr.decode()}"
        return done.stdout.decode()

    def succeeds(self, script: str) -> bool:
        return lab.execute(self.name, ["sh", "-c", script]).returncode == 0

    def wait(self, script: str, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not self.succeeds(script):
            assert time.monotonic() < deadline, f"still not after {seconds} s: {script}"
            time.sleep(POLL_S)

    @contextmanager
    def own_history(self) -> Iterator[None]:
        """What deploys leave on the host in here is gone afterwards, and what they had left before is back."""
        self.sh(f"rm -rf {KEPT}; cp -a {HISTORY} {KEPT}")
        try:
            yield
        finally:
            self.sh(f"rm -rf {HISTORY}; mv {KEPT} {HISTORY}")

    def ssh(self, user: str, command: str) -> Ran:
        """Run a command through OpenSSH, strict host keys, as `user`."""
        config = str(lab.write_ssh_config())
        done = subprocess.run(
            ["ssh", "-F", config, "-l", user, self.name, command],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def audit(self, *argv: str) -> Ran:
        return qtctl("audit", "--registry", str(self.registry), "--host", self.name, "--format", "json", *argv)

    def until_healthy(self) -> Ran:
        """Audit until it exits 0; the last audit where that is not reached in time."""
        deadline = time.monotonic() + HEALS_WITHIN_S
        while True:
            ran = self.audit()
            if ran.code == 0 or time.monotonic() > deadline:
                return ran
            time.sleep(POLL_S)
