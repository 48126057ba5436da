"""Texts of registries. `SMALL` is small enough to be read at a glance, for cases that change one thing in it."""


def write_fleet(
    name: str, *, prefix: str = "", patterns: str = "", code: str = "", account: str = "svc", defaults: str = ""
) -> str:
    """fleet.toml: user and group are `account`, and what is not given has the name of the fleet."""
    prefix = prefix or f"{name}-"
    return f"""\
name = "{name}"
unit_prefix = "{prefix}"
unit_patterns = {patterns or f'["{prefix}*"]'}
env_dir = "/etc/{name}"

[defaults]
user = "{account}"
group = "{account}"
code = "{code or f"/srv/{name}"}"
{defaults}"""


def write_host(name: str = "box", address: str = "192.0.2.1", *, auditor: str = "audit", extra: str = "") -> str:
    return f"""\
[{name}]
address = "{address}"
audit_user = "{auditor}"
deploy_user = "ops"
memory = "4G"
cpus = 2
{extra}"""


def write_redis(aliases: str = "") -> str:
    """externals.toml. `aliases` is a list in TOML."""
    named = f"aliases = {aliases}\n" if aliases else ""
    return f"""\
[redis-server]
summary = "Redis"
{named}ports = {{ redis = {{ listen = "127.0.0.1:6379" }} }}
"""


def write_script(summary: str, state: str, script: str) -> str:
    """A service that runs a script below the code."""
    return f'summary = "{summary}"\nstate = "{state}"\nrun = {{kind = "script", script = "{script}"}}\n'


def write_module(summary: str, state: str, module: str) -> str:
    return f'summary = "{summary}"\nstate = "{state}"\nrun = {{kind = "module", module = "{module}"}}\n'


def write_check(id_: str, look: str, *, summary: str = "s", remedy: str = "r", more: str = "") -> str:
    """One of checks.toml. `look` is the line of what it looks at."""
    return f'[{id_}]\nsummary = "{summary}"\nremedy = "{remedy}"\n{more}{look}\n'


DEFAULTS = """\
[defaults.limits]
memory_high = "100M"
memory_max = "200M"
[defaults.restart]
restart = "always"
restart_sec = "1s"
start_limit_interval = "5min"
start_limit_burst = 10
[defaults.sandbox]
profile = "default"
"""
"""The end of fleet.toml, with which a service needs no limits, restart and sandbox of its own."""

STORES = '[redis]\nexternal = "redis-server"\n'
TARGETS = '[core]\nsummary = "All of it"\n'

SMALL: dict[str, str] = {
    "fleet.toml": write_fleet(
        "small",
        defaults="""\
env = { LOG_LEVEL = "INFO" }
order = { after = ["redis-server"], wants = ["redis-server"] }
limits = { memory_max = "256M" }
""",
    ),
    "hosts.toml": write_host(),
    "stores.toml": STORES,
    "externals.toml": write_redis('["redis.service"]'),
    "targets.toml": TARGETS,
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
