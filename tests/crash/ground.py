"""A host, deploys to it that something happens to, and what must hold afterwards."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from qtctl.apply.generation import LEASE_S
from qtctl.errors import LabError
from qtctl.lab import lab
from qtctl.model.tree import Account, Tree
from tests.crash.blows import Blow
from tests.crash.caller import Caller
from tests.crash.fleet import LOOK, NEW, OLD, OPERATORS, STRAY
from tests.crash.kinds import Kind

TREE = Tree(accounts=(Account("qt", "qt", "/home/qt"), Account("ops", "ops", "/home/ops", login=True, sudo=True)))
REST_S = 120.0
"""So long after the blow, at most, the host is at rest: a lease, three tries to go back, a boot."""
OTHER = {OLD: NEW, NEW: OLD}
BOOTS_S = 180.0
"""So long a host is started again and again whose power goes while it boots, or that is just going off."""


STRAYED = f"[ ! -f /root/crash/paths ] || ({STRAY}) | comm -13 /root/crash/paths -"


@dataclass(frozen=True)
class Ended:
    """`code`: the caller's exit status; negative: the signal that ended it. `host`: what the host has now.

    `host` is `as declared`, `as before`, or '' if it is neither. `points`: the steps at which something happened.
    """

    code: int
    host: str
    said: str
    wrong: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


@dataclass
class Ground:
    """`lease_s`: how long the host waits for its caller. `takes_s`: how long a deploy takes that nothing happens to."""

    name: str
    kind: Kind = field(default_factory=Kind)
    lease_s: int = LEASE_S
    looks: dict[str, str] = field(default_factory=dict)
    takes_s: float = 0.0
    _version: str = ""
    """What the host was last seen to have; '' if it was left differently, and is created again."""

    def boot(self) -> None:
        lab.up([self.name], TREE, stands_for="h1", progress=lambda _: None)
        self.sh(OPERATORS)
        self.kind.prepare(self.name)
        self.sh("mkdir /root/crash")
        for version in (NEW, OLD):
            self.make(version)
            self.looks[version] = self.look()
            self.sh(f"({STRAY}) >>/root/crash/all")
            self.kind.made(self.name, version)
        self.sh("sort -u -o /root/crash/paths /root/crash/all")
        assert self.looks[OLD] != self.looks[NEW]

    def down(self) -> None:
        lab.down([self.name])

    def sh(self, script: str) -> str:
        done = lab.execute(self.name, ["sh", "-c", script])
        return done.stdout.decode() + done.stderr.decode()

    def look(self) -> str:
        return self.sh(LOOK)

    def starts(self) -> str:
        """Which boot this is, and the invocation of units that nothing may restart."""
        return self.sh(f"cat /proc/sys/kernel/random/boot_id; systemctl show -P InvocationID {self.kind.untouched}")

    def version(self) -> str:
        """What the host has, or ''."""
        look = self.look()
        self._version = next((version for version, seen in self.looks.items() if seen == look), "")
        return self._version

    def make(self, version: str) -> None:
        began = time.monotonic()
        caller = Caller(partial(self.kind.make, self.name, version))
        assert caller.wait(120) == 0, caller.said
        self.takes_s, self._version = time.monotonic() - began, version
        assert not (left := self.wait_for_rest()), left

    def begin(self) -> str:
        """The version that it has, from which it is deployed to the other one."""
        if not self._version:
            self.down()
            self.boot()
        if self._version == NEW and not self.kind.both_ways:
            self.make(OLD)
        self.kind.ready(self.name)
        return self._version

    def start(self, version: str, *, points: bool = False) -> Caller:
        return Caller(partial(self.kind.go, self.name, version), points=points, lease_s=self.lease_s)

    def strike(self, blow: Blow, share: float) -> Ended:
        """From the version that it has to the other one; something happens after this share of a deploy's time."""
        before = self.begin()
        starts = self.starts()
        caller = self.start(OTHER[before])
        time.sleep(share * self.takes_s)
        blow.strike(self, caller)
        return self.ended(caller, before, starts)

    def strike_at(self, points: tuple[int, ...], how: str) -> Ended:
        """At these steps of the host's scripts."""
        before = self.begin()
        starts = self.starts()
        at = "".join(f"{point}\n" for point in points)
        self.sh(f"cd /root/crash && rm -f count reached && echo {how} >how && printf %s '{at}' >at")
        caller = self.start(OTHER[before], points=True)
        while caller.poll() is None:
            self.keep_up()
            time.sleep(0.1)
        return self.ended(caller, before, starts)

    def keep_up(self) -> None:
        """Boot it where it is off, also from a boot that ends halfway."""
        why = ""
        until = time.monotonic() + BOOTS_S
        while time.monotonic() < until:
            found = lab.find(self.name)
            if found is not None and found.leader is not None:
                return
            try:
                lab.start(self.name)
            except LabError as error:
                why = str(error)
            time.sleep(0.2)
        raise AssertionError(f"{self.name} did not boot: {why}")

    def ended(self, caller: Caller, before: str, starts: str) -> Ended:
        code = caller.wait(300)
        rest = self.wait_for_rest()
        version = self.version()
        wrong = [f"not at rest: {rest}"] if rest else []
        host = {before: "as before", OTHER[before]: "as declared"}.get(version, "")
        if not host:
            wrong.append(f"neither:\n{self.look()}\nbefore:\n{self.looks[before]}")
        wrong.extend(self.kind.judge(code, host))
        started = self.starts()
        if started != starts and started.partition("\n")[0] == starts.partition("\n")[0]:
            wrong.append("it started anew what it did not change")
        points = tuple(self.sh("cd /root/crash; cat reached 2>/dev/null; rm -f at reached").splitlines())
        outcomes = self.sh("tail -n 30 /var/lib/qtctl/gen/*/journal | tail -n 60") if wrong else ""
        if rest:
            self._version = ""
        return Ended(code, host, f"{caller.said}\n{outcomes}", tuple(wrong), points)

    def wait_for_rest(self) -> str:
        """What is left, once nothing changes any more; '' at rest."""
        until = time.monotonic() + REST_S
        while True:
            left = "it is off"
            with suppress(LabError):
                self.keep_up()
                left = self.sh(f"{self.kind.rest}{STRAYED}").strip()
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.3)
