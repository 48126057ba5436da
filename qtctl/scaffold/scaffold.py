"""A first registry for a new fleet: every file, with comments that say what to change."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtctl.dialects.systemd.size import parse_bytes
from qtctl.errors import InputError

FLEET = re.compile(r"[a-z][a-z0-9-]{0,23}")
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ADDRESS = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
SERVICE = "hello"
PORT = 8080


@dataclass(frozen=True, slots=True)
class Answers:
    """What qtctl needs to know to write a registry. Sizes are as systemd writes them."""

    name: str
    host: str
    address: str
    audit_user: str
    deploy_user: str
    memory: str = "4G"
    cpus: int = 2
    redis: bool = False


def check(answers: Answers) -> None:
    """InputError for an answer that is not valid everywhere it would be used."""
    for option, given, pattern, hint in (
        (
            "--name",
            answers.name,
            FLEET,
            "a-z, 0-9 and -, a letter first, at most 24: units and an account are named so",
        ),
        ("--host", answers.host, HOST, "letters, digits and . _ -, a letter or digit first, at most 64"),
        ("--address", answers.address, ADDRESS, "a name or an address that ssh accepts"),
        ("--audit-user", answers.audit_user, ACCOUNT, "an account: a-z, 0-9, _ and -, at most 31"),
        ("--deploy-user", answers.deploy_user, ACCOUNT, "an account: a-z, 0-9, _ and -, at most 31"),
    ):
        if pattern.fullmatch(given) is None:
            raise InputError(f"{option} cannot be {given!r}", hint=hint)
    try:
        parse_bytes(answers.memory)
    except InputError as error:
        raise InputError(f"--memory cannot be {answers.memory!r}", hint="a size, for example 4G") from error
    if answers.audit_user in (answers.name, answers.deploy_user, "root"):
        raise InputError(
            f"--audit-user cannot be {answers.audit_user}",
            hint="audits run as an account that may change nothing: not the deploy account, not a service's account",
        )


def make_scaffold(answers: Answers, schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """Path below the registry → content. `schemas`: kind of file → its JSON schema; each file names its own."""
    check(answers)
    files = {**_make_fleet(answers), **(_make_redis(answers) if answers.redis else {}), **_make_service(answers)}
    kinds = {_find_kind(path): path for path in files}
    texts = {path: f"#:schema {_name_schema(path)}\n{text}" for path, text in files.items()}
    for kind, schema in schemas.items():
        texts[f"schemas/{kind}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    missing = sorted(kinds.keys() - schemas.keys())
    if missing:
        raise InputError(f"no schema of {', '.join(missing)}")
    return {path: text.encode() for path, text in sorted(texts.items())}


def _find_kind(path: str) -> str:
    return "service" if path.startswith("services/") else path.removesuffix(".toml")


def _name_schema(path: str) -> str:
    return f"{'../' * path.count('/')}schemas/{_find_kind(path)}.json"


def _make_fleet(answers: Answers) -> dict[str, str]:
    name = answers.name
    return {
        "fleet.toml": f"""\
name = "{name}"
summary = "The {name} fleet"
unit_prefix = "{name}-"        # {SERVICE} becomes {name}-{SERVICE}.service
unit_patterns = ["{name}-*"]   # units of these names that nothing declares are findings
env_dir = "/etc/{name}"        # generated: one NAME.env a service

# What every service has unless its own file says otherwise.
[defaults]
user = "{name}"
group = "{name}"
code = "/srv/{name}"

[defaults.env]
LOG_LEVEL = "INFO"

[defaults.limits]
memory_high = "230M"
memory_max = "256M"

[defaults.restart]
restart = "always"
restart_sec = "5s"
start_limit_interval = "5min"
start_limit_burst = 10

[defaults.sandbox]
profile = "default"
""",
        "hosts.toml": f"""\
["{answers.host}"]
address = "{answers.address}"
# An ordinary user: audits change nothing.
audit_user = "{answers.audit_user}"
# Root, or one that may use sudo -n.
deploy_user = "{answers.deploy_user}"
memory = {json.dumps(answers.memory)}
cpus = {answers.cpus}
""",
        "targets.toml": f"""\
# {name}-all.target: starts and stops what says `target = "all"`.
[all]
summary = "Everything of {name}"
""",
        "policy.toml": """\
# An audit exits with 1 from this severity on: info, warning, error.
fail_on = "warning"
""",
    }


def _make_redis(answers: Answers) -> dict[str, str]:
    return {
        "externals.toml": """\
# What the fleet needs and qtctl audits, but does not generate.
[redis-server]
summary = "Redis (apt package)"
aliases = ["redis.service"]
ports.redis = { listen = "127.0.0.1:6379" }
""",
        "stores.toml": """\
[redis]
external = "redis-server"
address = "127.0.0.1:6379"
# password_env = "REDIS_PASSWORD"   # the variable, of whoever runs qtctl, that has the password
""",
        "streams.toml": f"""\
["{answers.name}:events"]
type = "stream"
summary = "What {SERVICE} has to tell"
max_age = "5min"   # an audit finds a stream whose newest entry is older
""",
    }


def _make_service(answers: Answers) -> dict[str, str]:
    order = '\n[order]\nafter = ["redis-server"]\nwants = ["redis-server"]\n' if answers.redis else ""
    streams = f'\n[streams]\npublishes = ["{answers.name}:events"]\n' if answers.redis else ""
    return {
        f"services/{SERVICE}.toml": f"""\
# An example: the file's name is the service's name. Change it, or take it away.
summary = "Says hello"
state = "running"   # or stopped, on-timer (with a timer in timers.toml), retired
why = "An example."
target = "all"

[run]
kind = "script"     # or module, uvicorn, command
script = "{SERVICE}.py"   # in the `code` folder of fleet.toml

[ports.http]
listen = "127.0.0.1:{PORT}"
health = {{ path = "/health" }}

[env]
{SERVICE.upper()}_PORT = "{PORT}"

# Secrets stay on the host: a file that its operators make, and that qtctl never reads. Here stand names only.
# [secrets]
# env_file = "/etc/{answers.name}/{SERVICE}.secret.env"
# keys = ["API_TOKEN"]
{order}
# Over the defaults of fleet.toml:
# [limits]
# memory_max = "512M"
{streams}"""
    }
