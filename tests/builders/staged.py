"""A small fleet with one service of each kind, resolved and rendered."""

from functools import cache
from pathlib import Path

from qtctl.model.desired import Desired
from qtctl.render.render import TEMPLATES, render
from tests.builders.desired import resolve_files
from tests.builders.registry import STORES, TARGETS, write_fleet, write_host, write_redis

AUDIT, DEPLOY = "watch", "ops"
TEXTS = {
    "fleet.toml": write_fleet(
        "tiny",
        code="/home/svc/code",
        defaults="""\
env = { LOG_LEVEL = "INFO" }
order = { after = ["redis-server"], wants = ["redis-server"] }
restart = { restart = "always", restart_sec = "1s" }
""",
    ),
    "hosts.toml": write_host(auditor=AUDIT, extra='timezone = "Europe/Oslo"\n'),
    "stores.toml": STORES,
    "externals.toml": f"""\
{write_redis('["redis.service"]')}\
[grafana-server]
summary = "Dashboards"
ports.http = {{ listen = "*:3000", health = {{ path = "/api/health" }} }}
[backup]
summary = "Runs, but nothing enables it"
enabled = false
ports.http = {{ listen = "127.0.0.1:9100" }}
[idle]
summary = "There, and not running"
state = "stopped"
""",
    "targets.toml": TARGETS,
    "timers.toml": '[sweep]\nsummary = "Sweeps"\nservice = "sweep"\non_calendar = ["hourly"]\n',
    "venvs.toml": '[main]\npath = "/opt/tiny/venv"\n[spare]\npath = "/opt/tiny/spare"\n',
    "streams.toml": """\
["t:tick"]
type = "stream"
max_age = "60s"
["t:orphan"]
type = "stream"
["t:mode"]
type = "string"
["t:book"]
type = "hash"
["t:swept"]
type = "list"
""",
    "services/api.toml": """\
summary = "API"
state = "running"
target = "core"
run = { kind = "uvicorn", app = "tiny.api:app", port = "http", venv = "main" }
ports.admin = { listen = "127.0.0.1:8101", health = { path = "/ready", status = 204 } }
ports.http = { listen = "127.0.0.1:8102", health = { path = "/health" } }
ports.statsd = { listen = "127.0.0.1:8125", protocol = "udp" }
[secrets]
env_file = "/etc/tiny/api.secret.env"
keys = ["API_KEY", "API_TOKEN"]
[streams]
writes = ["t:mode"]
consumes."t:tick" = { group = "api" }
""",
    "services/feed.toml": """\
summary = "Feed"
state = "running"
target = "core"
run = { kind = "module", module = "tiny.feed", venv = "main" }
sandbox = { read_write_paths = ["/var/lib/tiny", "/run/tiny", "/var/log"], read_only_paths = ["/srv/tiny"] }
streams = { publishes = ["t:tick"], writes = ["t:book"] }
""",
    "services/native.toml": """\
summary = "Native"
state = "running"
user = "native"
run = { kind = "command", argv = ["/opt/tiny/bin/native", "--fast"], cwd = "/opt/tiny" }
""",
    "services/off.toml": """\
summary = "Off"
state = "stopped"
run = { kind = "script", script = "off.py" }
[streams]
consumes."t:tick" = { group = "off" }
""",
    "services/sweep.toml": """\
summary = "Sweep"
state = "on-timer"
type = "oneshot"
run = { kind = "script", script = "ops/sweep.py", venv = "main" }
streams = { writes = ["t:swept"] }
""",
}


@cache
def tiny() -> Desired:
    """What host `box` of the fleet must have, with its files."""
    folder = Path(__file__).parents[2] / "unit_templates"
    templates = {name: (folder / name).read_text() for name in TEMPLATES}
    return render(resolve_files(TEXTS, "box"), templates)
