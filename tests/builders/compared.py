"""A fleet of one host with every kind of place a compose service can have gone to, and facts of it."""

from collections.abc import Mapping

from qtctl.model.desired import Desired
from qtctl.model.evidence import Item, State
from qtctl.model.facts import Facts, Unit
from qtctl.model.registry import Legacy
from tests.builders.desired import resolve_files
from tests.builders.evidence import list_sockets, miss, observe
from tests.builders.registry import write_fleet, write_host, write_module, write_redis

FILES: dict[str, str] = {
    "fleet.toml": write_fleet("small", prefix="q-"),
    "hosts.toml": write_host() + write_host("other", "192.0.2.2"),
    "externals.toml": write_redis('["redis"]'),
    "timers.toml": '[nightly]\nsummary = "Every night"\nservice = "nightly"\non_calendar = ["daily"]\n',
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
    "services/worker.toml": write_module("Worker", "stopped", "small.worker"),
    "services/nightly.toml": write_module("Night", "on-timer", "small.night"),
    "services/old.toml": 'summary = "Old"\nstate = "retired"\nwhy = "Replaced."\n',
    "services/far.toml": 'hosts = ["other"]\n' + write_module("Far", "running", "small.far"),
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
        return miss("unit", unit, State.ABSENT)
    if state.startswith("refused: "):
        return miss("unit", unit, State.REFUSED, state.removeprefix("refused: "))
    load_state, active, sub = UNIT_STATES[state]
    return observe(unit, Unit(load_state, active, sub, "enabled"))


def facts(units: dict[str, str], tcp: list[list[str]] | None, udp: list[list[str]] | None = None) -> Facts:
    """`tcp` and `udp` rows are [address, port, unit]; None: refused."""
    items = [unit_item(unit, state) for unit, state in units.items()]
    return Facts([*items, list_sockets("tcp", tcp, ask=2), list_sockets("udp", udp, ask=2)], "2026-01-17T07:25:00.000Z")
