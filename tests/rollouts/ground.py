"""A fleet of lab hosts whose registry is rolled out, in good and bad releases."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtctl.lab import lab
from qtctl.lab.network import name_device
from qtctl.model.events import Event
from qtctl.model.tree import Account, Tree
from tests.cli.world import PROGRAM, Ran, environment

TREE = Tree(
    accounts=(
        Account("svc", "svc", "/home/svc"),
        Account("ops", "ops", "/home/ops", login=True, sudo=True),
        Account("audit", "audit", "/home/audit", login=True),
    )
)
FLEET = """\
name = "shop"
unit_prefix = "shop-"
unit_patterns = ["shop-*"]
env_dir = "/etc/shop"

[defaults]
user = "svc"
group = "svc"
code = "/srv/shop"
"""
POLICY = '[deploy.watch]\nsteady = "{steady}"\n'
HOST = """\
[{name}]
address = "192.0.2.1"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
tags = ["web"]
"""
SERVICE = """\
summary = "Shop"
state = "running"
hosts = ["@web"]

[run]
kind = "command"
argv = ["/bin/sh", "-c", "{script}"]
cwd = "/"
"""
GOOD, BAD = "exec sleep 100{number}", "sleep {number}; exit 3"
ROLLBACK_S = 300


@dataclass(frozen=True)
class Ground:
    """`folder`: where qtctl runs. `names`: the hosts, which the registry declares under the same names."""

    folder: Path
    names: tuple[str, ...]

    def release(self, script: str, *, number: int = 1, steady: str = "1s") -> None:
        """Declare another release of the one service."""
        registry = self.folder / "registry"
        (registry / "services").mkdir(parents=True, exist_ok=True)
        (registry / "fleet.toml").write_text(FLEET)
        (registry / "policy.toml").write_text(POLICY.format(steady=steady))
        (registry / "hosts.toml").write_text("".join(HOST.format(name=name) for name in self.names))
        (registry / "services/web.toml").write_text(SERVICE.format(script=script.format(number=number)))

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [*PROGRAM, *argv],
            cwd=self.folder,
            env=environment(self.folder, **(env or {})),
            capture_output=True,
            timeout=ROLLBACK_S,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def deploy(self, *argv: str) -> "Rolled":
        return self.read(self.run("deploy", "--tag", "web", "--yes", "--format", "json", *argv))

    def read(self, ran: Ran) -> "Rolled":
        assert ran.out.startswith("{"), ran
        return Rolled(ran, json.loads(ran.out))

    @contextmanager
    def begun(self, *argv: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A deploy in a session of its own, whose output is read once it has ended."""
        process = subprocess.Popen(
            [*PROGRAM, "deploy", "--tag", "web", "--yes", "--format", "json", *argv],
            cwd=self.folder,
            env=environment(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def end(self, process: "subprocess.Popen[bytes]", *, within_s: float = ROLLBACK_S) -> "Rolled":
        out, err = process.communicate(timeout=within_s)
        return self.read(Ran(process.returncode, out.decode(), err.decode()))

    def sh(self, name: str, script: str) -> str:
        done = lab.execute(name, ["sh", "-c", script])
        assert done.returncode == 0, (name, done.stderr)
        return done.stdout.decode()

    def versions(self) -> dict[str, str]:
        """What runs on each host: the last word of its command line; '' for nothing."""
        return {name: self.version(name) for name in self.names}

    def version(self, name: str) -> str:
        words = self.sh(name, "tr '\\0' ' ' <\"/proc/$(systemctl show -P MainPID shop-web)/cmdline\" 2>/dev/null || :")
        return words.strip().rpartition(" ")[2]

    def generations(self) -> dict[str, int]:
        return {name: int(self.sh(name, "ls /var/lib/qtctl/gen | sort -n | tail -n 1")) for name in self.names}

    def state(self, name: str) -> str:
        return self.sh(name, "sed -n 's/^state //p' /var/lib/qtctl/status").strip()

    def await_state(self, name: str, *states: str, within_s: float = 90) -> str:
        return wait_for(lambda: found if (found := self.state(name)) in states else "", within_s)


@dataclass(frozen=True)
class Rolled:
    """`document`: the JSON of the rollout."""

    ran: Ran
    document: dict[str, Any]

    @property
    def code(self) -> int:
        return self.ran.code

    @property
    def ends(self) -> dict[str, str]:
        return {each["address"]: each["end"] for each in self.document["hosts"]}

    def find(self, name: str) -> dict[str, Any]:
        return next(each for each in self.document["hosts"] if each["address"] == name)


def wait_for(look: Callable[[], str], within_s: float) -> str:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def plug(name: str, word: str) -> None:
    """Plug the cable of a host in (up) or out (down)."""
    subprocess.run(["ip", "link", "set", name_device(name), word], check=True)


def quiet(_event: Event) -> None:
    pass


def boot(names: Sequence[str], suite: str | None = None) -> None:
    lab.up(list(names), TREE, stands_for=names[0], progress=quiet, suite=suite)
