"""A fleet of one host with every kind of place a compose service can have gone to, and facts of it."""

from collections.abc import Mapping

from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, State
from qtctl.model.facts import Facts, Listeners, Unit, to_value
from qtctl.model.registry import Legacy
from tests.builders.desired import resolve_files

FILES: dict[str, str] = {
    "fleet.toml": """\
name = "small"
unit_prefix = "q-"
unit_patterns = ["q-*"]
env_dir = "/etc/small"
[defaults]
user = "svc"
group = "svc"
code = "/srv/small"
""",
    "hosts.toml": """\
[box]
address = "192.0.2.1"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
[other]
address = "192.0.2.2"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
""",
    "externals.toml": """\
[redis-server]
summary = "Redis"
aliases = ["redis"]
ports = { redis = { listen = "127.0.0.1:6379" } }
""",
    "timers.toml": """\
[nightly]
summary = "Every night"
service = "nightly"
on_calendar = ["daily"]
""",
    "services/api.toml": """\
summary = "Api"
state = "running"
hosts = ["box"]
[run]
kind = "uvicorn"
app = "small.api:app"
port = "http"
[ports.http]
listen = "127.0.0.1:8000"
[ports.gossip]
listen = "0.0.0.0:7000"
protocol = "udp"
""",
    "services/worker.toml": 'summary = "Worker"\nstate = "stopped"\nrun = {kind = "module", module = "small.worker"}\n',
    "services/nightly.toml": 'summary = "Night"\nstate = "on-timer"\nrun = {kind = "module", module = "small.night"}\n',
    "services/old.toml": 'summary = "Old"\nstate = "retired"\nwhy = "Replaced."\n',
    "services/far.toml": (
        'summary = "Far"\nstate = "running"\nhosts = ["other"]\nrun = {kind = "module", module = "small.far"}\n'
    ),
}

UNIT_STATES: dict[str, tuple[str, str, str]] = {
    "up": ("loaded", "active", "running"),
    "waiting": ("loaded", "active", "waiting"),
    "down": ("loaded", "inactive", "dead"),
    "failed": ("loaded", "failed", "failed"),
    "starting": ("loaded", "activating", "start"),
    "looping": ("loaded", "activating", "auto-restart"),
    "not-found": ("not-found", "inactive", "dead"),
}


def desired() -> Desired:
    return resolve_files(FILES, "box")


def legacy(dispositions: Mapping[str, Mapping[str, object]]) -> Legacy:
    return Legacy.model_validate({"compose": "f.yml", "services": dispositions})


def unit_item(unit: str, state: str) -> Item:
    """`state` is a key of UNIT_STATES, `absent`, or `refused: reason`."""
    if state == "absent":
        return Item("unit", unit, State.ABSENT, None, None, 1)
    if state.startswith("refused: "):
        return Item("unit", unit, State.REFUSED, None, state.removeprefix("refused: "), 1)
    load_state, active, sub = UNIT_STATES[state]
    return Item("unit", unit, State.OBSERVED, to_value(Unit(load_state, active, sub, "enabled")), None, 1)


def facts(units: dict[str, str], tcp: list[list[str]] | None, udp: list[list[str]] | None = None) -> Facts:
    """`tcp` and `udp` rows are [address, port, unit]; None: refused."""
    items = [unit_item(unit, state) for unit, state in units.items()]
    for protocol, rows in (("tcp", tcp), ("udp", udp)):
        if rows is None:
            items.append(Item("listeners", protocol, State.REFUSED, None, "no ss", 2))
            continue
        lines = [[*row, f"LISTEN 0 5 {row[0]}:{row[1]} 0.0.0.0:* cgroup:/system.slice/{row[2]}"] for row in rows]
        items.append(Item("listeners", protocol, State.OBSERVED, to_value(Listeners(lines)), None, 2))
    return Facts(items, "2026-01-17T07:25:00.000Z")
