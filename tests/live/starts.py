"""What a deploy of five changed services starts anew: those and what depends on them, of all units of a host."""

from pathlib import Path

from tests.live.box import Box

FIRST = "quantum-clm.service"
_NAMES = ("rl-agent", "rl-trainer", "ai-strategy-router", "clm-minimal")
FOUR = frozenset(f"quantum-{name}.service" for name in _NAMES)
"""What is changed besides quantum-clm."""
OWN = {
    "requires": f"Requires={FIRST}\\nAfter={FIRST}",
    "part": "PartOf=of-requires.service",
    "after": f"Wants={FIRST}\\nAfter={FIRST}",
}
"""An operator's own units, by how they depend on one that is changed, or on one that depends on it."""
DEPENDENTS = frozenset(("of-requires.service", "of-part.service"))
"""Those that systemd restarts with it."""
_UNITS = " ".join(f"of-{name}.service" for name in OWN)
DEPENDENTS_COME = "".join(
    f"printf '[Unit]\\n{lines}\\n[Service]\\nExecStart=/bin/sleep inf\\n' > /etc/systemd/system/of-{name}.service\n"
    for name, lines in OWN.items()
)
DEPENDENTS_COME += f"systemctl daemon-reload; systemctl start {_UNITS}"
DEPENDENTS_GO = f"systemctl stop {_UNITS}; rm -f /etc/systemd/system/of-*.service; systemctl daemon-reload"

_EVERY_START = "systemctl show -p Id,ActiveState,SubState,InvocationID,MainPID,NRestarts '*'"
_OF_THE_HOST = ("session-", "user", "systemd-", "run-", "qtctl-", "init.scope", "dev-")


def change_four(registry: Path) -> None:
    """A new variable in the environment of four services."""
    for name in _NAMES:
        file = registry / f"services/{name}.toml"
        file.write_text(f'{file.read_text()}\n[env]\nQT_ROUND = "2"\n')


def list_starts(box: Box) -> dict[str, str]:
    """Every active unit → its state, its process and its start; without what logins and the host's own timers start."""
    blocks = [dict(line.split("=", 1) for line in each.splitlines()) for each in box.sh(_EVERY_START).split("\n\n")]
    return {
        each["Id"]: " ".join(value for _, value in sorted(each.items()))
        for each in blocks
        if each["ActiveState"] == "active" and not each["Id"].startswith(_OF_THE_HOST)
    }
