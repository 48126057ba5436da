"""QT701: the ways to the host. Never broken: a closed way says nothing about what is behind it."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Reach
from qtctl.rules.rule import Expectation, Rule, Verdict

WAYS = ("ssh", "bus", "exec", "root")


def _expect_connection(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host is reached in the same ways
    return tuple(
        Expectation(way, {"reached": True}, (Need(Reach.FACT, way),), partial(_judge_reach, way=way)) for way in WAYS
    )


def _judge_reach(facts: Facts, way: str) -> Verdict:
    reach = facts.read(Reach, way)
    if reach is None:
        return Verdict(False, None, unknown=f"the host has no {way}")
    return Verdict(True, {"reached": True, "user": reach.user})


QT701 = Rule(
    "QT701",
    "host unreachable, or part of the evidence refused",
    Severity.WARNING,
    what="One check for each way to the host: `ssh` (the connection), `bus` (systemd over D-Bus) and `exec` (commands "
    "for sockets, files and venvs). Each holds or is unknown, never broken. Checks that need one that failed are "
    "unknown too, and give this check as their cause.",
    why="An audit that cannot look must not say that all is well. A failing `systemctl` has been read as `not "
    "running`, and a `permission denied` as `file missing`; either sends someone to fix what is not broken.",
    fix="Read the reason. For ssh: `ssh HOST true` with the same account, and compare the host key. For the bus: "
    "`systemctl status dbus.socket dbus.service` on the host. The exit code stays 3 until everything could be read.",
    expect=_expect_connection,
)
RULES = (QT701,)
