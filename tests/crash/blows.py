"""What happens to a deploy at some time, from outside of it."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from qtctl.lab import lab
from tests.crash.caller import Caller

STAYS_AWAY_S = 5
"""So long after the lease ended the network stays away."""


class Struck(Protocol):
    name: str
    lease_s: int

    def sh(self, script: str) -> str: ...


Strike = Callable[[Struck, Caller], object]


@dataclass(frozen=True)
class Blow:
    name: str
    strike: Strike


def _signal(number: signal.Signals) -> Strike:
    def strike(_: Struck, caller: Caller) -> None:
        if caller.poll() is None:
            os.kill(caller.pid, number)

    return strike


def _on_host(script: str) -> Strike:
    return lambda ground, _: ground.sh(script)


def _unplug(ground: Struck, _: Caller) -> None:
    lab.unplug(ground.name)
    try:
        time.sleep(ground.lease_s + STAYS_AWAY_S)
    finally:
        lab.plug(ground.name)


def _cut_power(ground: Struck, _: Caller) -> None:
    lab.cut_power(ground.name)
    lab.start(ground.name)


BLOWS = (
    Blow("the caller is killed", _signal(signal.SIGKILL)),
    Blow("the caller is interrupted", _signal(signal.SIGINT)),
    Blow("the network is gone", _unplug),
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
