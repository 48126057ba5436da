"""A host, deploys to it that something happens to, and what must hold afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qtctl.lab import lab
from qtctl.model.tree import Account, Tree
from tests.crash.fleet import LEFT, LOOK, NEW, OLD

ROOT = Path(__file__).parent.parent.parent
TREE = Tree(accounts=(Account("qt", "qt", "/home/qt"), Account("ops", "ops", "/home/ops", login=True, sudo=True)))
REST_S = 120.0
"""So long after the blow, at most, the host is at rest: a lease, three tries to go back, a boot."""


@dataclass(frozen=True)
class Ended:
    """`code`: the caller's exit status; negative: the signal that ended it. `version`: what the host has now, or ''."""

    code: int
    version: str
    said: str
    wrong: tuple[str, ...] = ()


@dataclass
class Ground:
    name: str
    looks: dict[str, str] = field(default_factory=dict)

    def boot(self) -> None:
        lab.up([self.name], TREE, stands_for="h1", progress=lambda _: None)
        for version in (NEW, OLD):
            code = self.start(version).wait(120)
            assert code == 0, version
            self.looks[version] = self.look()
        assert self.looks[OLD] != self.looks[NEW]

    def down(self) -> None:
        lab.down([self.name])

    def sh(self, script: str) -> str:
        done = lab.execute(self.name, ["sh", "-c", script])
        return done.stdout.decode() + done.stderr.decode()

    def look(self) -> str:
        return self.sh(LOOK)

    def start(self, version: str, point: str = "") -> "subprocess.Popen[str]":
        argv = [sys.executable, "-m", "tests.crash.caller", self.name, version, *([point] if point else [])]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)

    def strike(self, blow: "Blow", delay_s: float) -> Ended:
        """From the old version: deploy the new one, and let something happen to it after a while."""
        self.make_old()
        process = self.start(NEW)
        time.sleep(delay_s)
        blow.strike(self, process)
        return self.ended(process)

    def strike_at(self, point: int, how: str) -> Ended | None:
        """At one rename or sync of the host's scripts; None where there are fewer."""
        self.make_old()
        self.sh(f"rm -rf /run/crash; mkdir /run/crash; echo {how} > /run/crash/how; echo {point} > /run/crash/at")
        process = self.start(NEW, "at")
        if how == "hang":
            while process.poll() is None and not self.sh("ls /run/crash/reached 2>/dev/null").strip():
                time.sleep(0.1)
            if process.poll() is None:
                _cut_power(self, process)
        ended = self.ended(process)
        reached = how == "hang" or bool(self.sh("ls /run/crash/reached 2>/dev/null").strip())
        return ended if reached else None

    def make_old(self) -> None:
        if self.look() == self.looks[OLD]:
            return
        process = self.start(OLD)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said

    def ended(self, process: "subprocess.Popen[str]") -> Ended:
        said, _ = process.communicate(timeout=300)
        rest = self.wait_for_rest()
        look = self.look()
        version = next((version for version, seen in self.looks.items() if seen == look), "")
        wrong = [f"not at rest: {rest}"] if rest else []
        if not version:
            wrong.append(f"neither old nor new:\n{look}")
        if process.returncode == 0 and version != NEW:
            wrong.append("exit 0, and the host is not new")
        if process.returncode in (4, 130) and version != OLD:
            wrong.append(f"exit {process.returncode}, and the host is not old")
        current = self.sh("cat /var/lib/qtctl/gen/*/outcome | sort | uniq -c")
        return Ended(process.returncode, version, f"{said}\n{current}", tuple(wrong))

    def wait_for_rest(self) -> str:
        """What is left, once nothing changes any more; '' at rest."""
        until = time.monotonic() + REST_S
        while True:
            left = self.sh(LEFT).strip()
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.5)


Strike = Callable[[Ground, "subprocess.Popen[str]"], object]


@dataclass(frozen=True)
class Blow:
    name: str
    strike: Strike


def _signal(number: signal.Signals) -> Strike:
    def strike(_: Ground, process: "subprocess.Popen[str]") -> None:
        if process.poll() is None:
            os.kill(process.pid, number)

    return strike


def _on_host(script: str) -> Strike:
    return lambda ground, _: ground.sh(script)


def _unplug(ground: Ground, _: "subprocess.Popen[str]") -> None:
    lab.unplug(ground.name)
    try:
        time.sleep(20)
    finally:
        lab.plug(ground.name)


def _cut_power(ground: Ground, _: "subprocess.Popen[str]") -> None:
    lab.power_cut(ground.name)
    lab.start(ground.name)


BLOWS = (
    Blow("the caller is killed", _signal(signal.SIGKILL)),
    Blow("the caller is interrupted", _signal(signal.SIGINT)),
    Blow("the network is gone for 20 s", _unplug),
    Blow("sshd's sessions are killed", _on_host("pkill -KILL -f 'sshd: ops'")),
    Blow("the bridge is killed", _on_host("pkill -KILL -f systemd-stdio-bridge")),
    Blow("the watching service is killed", _on_host("systemctl kill -s KILL --kill-who=main 'qtctl-deploy-*'")),
    Blow("all that deploys on the host is killed", _on_host("systemctl kill -s KILL 'qtctl-deploy-*'")),
    Blow("D-Bus is killed", _on_host("systemctl kill -s KILL dbus; sleep 3; systemctl start dbus")),
    Blow("PID 1 is executed anew", _on_host("systemctl daemon-reexec")),
    Blow(
        "PID 1 reloads all the time", _on_host("for n in 1 2 3 4 5 6 7 8; do systemctl daemon-reload; sleep 0.2; done")
    ),
    Blow("the power goes", _cut_power),
    Blow("it reboots", lambda ground, _: lab.reboot(ground.name)),
)
