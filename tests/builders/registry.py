"""A registry small enough to be read at a glance, for cases that change one thing in it."""

SMALL: dict[str, str] = {
    "fleet.toml": """\
name = "small"
unit_prefix = "small-"
unit_patterns = ["small-*"]
env_dir = "/etc/small"

[defaults]
user = "svc"
group = "svc"
code = "/srv/small"
env = { LOG_LEVEL = "INFO" }
order = { after = ["redis-server"], wants = ["redis-server"] }
limits = { memory_max = "256M" }
""",
    "hosts.toml": """\
[box]
address = "192.0.2.1"
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
""",
    "stores.toml": """\
[redis]
external = "redis-server"
""",
    "externals.toml": """\
[redis-server]
summary = "Redis"
aliases = ["redis.service"]
ports = { redis = { listen = "127.0.0.1:6379" } }
""",
    "targets.toml": """\
[core]
summary = "All of it"
""",
    "venvs.toml": """\
[main]
path = "/opt/small/venv"
""",
    "streams.toml": """\
["s:tick"]
type = "stream"
max_age = "60s"

["s:mode"]
type = "string"
""",
    "services/feed.toml": """\
summary = "Feed"
state = "running"
target = "core"

[run]
kind = "module"
module = "small.feed"
venv = "main"

[streams]
publishes = ["s:tick"]
writes = ["s:mode"]
""",
    "services/api.toml": """\
summary = "Api"
state = "running"
target = "core"

[run]
kind = "uvicorn"
app = "small.api:app"
port = "http"
venv = "main"

[ports.http]
listen = "127.0.0.1:8000"
health = { path = "/health" }

[order]
after = ["feed"]

[streams.consumes."s:tick"]
group = "api"
max_lag = 10
""",
}


def changed(**files: str | None) -> dict[str, bytes]:
    """The small registry with whole files replaced (None: removed); `services__api` stands for services/api.toml."""
    texts: dict[str, str | None] = {**SMALL}
    texts.update({f"{name.replace('__', '/')}.toml": text for name, text in files.items()})
    return {path: text.encode() for path, text in texts.items() if text is not None}


def edited(path: str, old: str, new: str) -> dict[str, bytes]:
    """The small registry with one text replaced in one file."""
    assert old in SMALL[path], old
    return {**changed(), path: SMALL[path].replace(old, new).encode()}
