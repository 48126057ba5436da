"""A host, deploys to it that something happens to, and what must hold afterwards."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from qtctl.lab import lab
from qtctl.model.tree import Account, Tree
from tests.crash.caller import Caller
from tests.crash.fleet import LEFT, LOOK, NEW, OLD, OPERATORS
from tests.crash.kinds import Kind

TREE = Tree(accounts=(Account("qt", "qt", "/home/qt"), Account("ops", "ops", "/home/ops", login=True, sudo=True)))
REST_S = 120.0
"""So long after the blow, at most, the host is at rest: a lease, three tries to go back, a boot."""
OTHER = {OLD: NEW, NEW: OLD}


@dataclass(frozen=True)
class Ended:
    """`code`: the caller's exit status; negative: the signal that ended it. `host`: what the host has now.

    `host` is `as declared`, `as before`, or '' where it is neither.
    """

    code: int
    host: str
    said: str
    wrong: tuple[str, ...] = ()


@dataclass
class Ground:
    name: str
    kind: Kind = field(default_factory=Kind)
    looks: dict[str, str] = field(default_factory=dict)

    def boot(self) -> None:
        lab.up([self.name], TREE, stands_for="h1", progress=lambda _: None)
        self.sh(OPERATORS)
        self.kind.prepare(self.name)
        for version in (NEW, OLD):
            self.make(version)
            self.looks[version] = self.look()
            self.kind.made(self.name, version)
        assert self.looks[OLD] != self.looks[NEW]

    def down(self) -> None:
        lab.down([self.name])

    def sh(self, script: str) -> str:
        done = lab.execute(self.name, ["sh", "-c", script])
        return done.stdout.decode() + done.stderr.decode()

    def look(self) -> str:
        return self.sh(LOOK)

    def starts(self) -> str:
        """Which boot this is, and the invocation of what nothing may start anew."""
        return self.sh(f"cat /proc/sys/kernel/random/boot_id; systemctl show -P InvocationID {self.kind.untouched}")

    def version(self) -> str:
        """What the host has, or ''."""
        look = self.look()
        return next((version for version, seen in self.looks.items() if seen == look), "")

    def make(self, version: str) -> None:
        caller = Caller(partial(self.kind.make, self.name, version))
        assert caller.wait(120) == 0, caller.said
        assert not (left := self.wait_for_rest()), left

    def start(self, version: str, *, points: bool = False) -> Caller:
        return Caller(partial(self.kind.go, self.name, version), points=points)

    def strike(self, blow: "Blow", delay_s: float) -> Ended:
        """From the version that it has to the other one, and something happens to it after a while."""
        before = self.version()
        if not before or (before == NEW and not self.kind.both_ways):
            self.make(before := OLD)
        starts = self.starts()
        caller = self.start(OTHER[before])
        time.sleep(delay_s)
        blow.strike(self, caller)
        return self.ended(caller, before, starts)

    def strike_at(self, point: int, how: str) -> Ended | None:
        """At one rename or sync of the host's scripts; None where there are fewer."""
        if self.version() != OLD:
            self.make(OLD)
        starts = self.starts()
        self.sh(f"rm -rf /run/crash; mkdir /run/crash; echo {how} > /run/crash/how; echo {point} > /run/crash/at")
        caller = self.start(NEW, points=True)
        if how == "hang":
            while caller.poll() is None and not self.sh("ls /run/crash/reached 2>/dev/null").strip():
                time.sleep(0.1)
            if caller.poll() is None:
                _cut_power(self, caller)
        ended = self.ended(caller, OLD, starts)
        reached = (
            self.sh("ls /run/crash/reached 2>/dev/null").strip()
            or self.starts().partition("\n")[0] != starts.partition("\n")[0]
        )
        return ended if reached else None

    def ended(self, caller: Caller, before: str, starts: str) -> Ended:
        code = caller.wait(300)
        rest = self.wait_for_rest()
        version = self.version()
        wrong = [f"not at rest: {rest}"] if rest else []
        host = {before: "as before", OTHER[before]: "as declared"}.get(version, "")
        if not host:
            wrong.append(f"neither:\n{self.look()}\nbefore:\n{self.looks[before]}")
        if code == 0 and host != "as declared":
            wrong.append("exit 0, and the host is not as declared")
        if code in (4, 130) and host != "as before":
            wrong.append(f"exit {code}, and the host is not as before")
        if code not in (0, 4, 5, 130, -signal.SIGKILL):
            wrong.append(f"exit {code}")
        started = self.starts()
        if started != starts and started.partition("\n")[0] == starts.partition("\n")[0]:
            wrong.append("it started anew what it did not change")
        outcomes = self.sh("tail -n 30 /var/lib/qtctl/gen/*/journal | tail -n 60")
        return Ended(code, host, f"{caller.said}\n{outcomes}" if wrong else caller.said, tuple(wrong))

    def wait_for_rest(self) -> str:
        """What is left, once nothing changes any more; '' at rest."""
        until = time.monotonic() + REST_S
        while True:
            left = self.sh(LEFT).strip()
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.5)


Strike = Callable[[Ground, Caller], object]


@dataclass(frozen=True)
class Blow:
    name: str
    strike: Strike


def _signal(number: signal.Signals) -> Strike:
    def strike(_: Ground, caller: Caller) -> None:
        if caller.poll() is None:
            os.kill(caller.pid, number)

    return strike


def _on_host(script: str) -> Strike:
    return lambda ground, _: ground.sh(script)


def _unplug(ground: Ground, _: Caller) -> None:
    lab.unplug(ground.name)
    try:
        time.sleep(20)
    finally:
        lab.plug(ground.name)


def _cut_power(ground: Ground, _: Caller) -> None:
    lab.cut_power(ground.name)
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
