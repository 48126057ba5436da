"""A small fleet, and evidence of it in which every section has something known, something broken, something unknown."""

from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired
from qtctl.model.evidence import EVIDENCE_SCHEMA, Ask, Evidence, Item, State
from qtctl.model.fact import Fact
from qtctl.model.facts import File, HostBaseline, Listeners, Unit, UnitListing
from qtctl.model.store_facts import KeyFact, StoreClock, StoreServer, Stream, StreamGroup
from tests.builders.desired import resolve_files
from tests.builders.evidence import miss, observe
from tests.builders.registry import STORES, TARGETS, write_fleet, write_host, write_redis, write_script

TAKEN_AT = "2026-01-17T07:25:00.500Z"
TAKEN_US = 1_768_634_700_500_000
MINUTE_US = 60_000_000

FILES: dict[str, str] = {
    "fleet.toml": write_fleet("small", prefix="q-", patterns='["q-*", "rogue_*"]'),
    "hosts.toml": write_host(),
    "stores.toml": STORES,
    "externals.toml": f"""\
{write_redis()}\
[grafana]
summary = "Dashboards"
ports = {{ http = {{ listen = "*:3000" }} }}
""",
    "targets.toml": f"""\
{TARGETS}\
[older]
summary = "What was"
state = "retired"
why = "One target is enough."
""",
    "timers.toml": """\
[nightly]
summary = "Every night"
service = "nightly"
on_calendar = ["*-*-* 03:00:00"]
persistent = true
[often]
summary = "Every minute"
service = "often"
on_boot = "1min"
on_unit_active = "1min"
""",
    "venvs.toml": """\
[main]
path = "/opt/small/main"
[side]
path = "/opt/small/side"
[gone]
path = "/opt/small/gone"
""",
    "streams.toml": """\
["s:tick"]
type = "stream"
max_age = "60s"
["s:mute"]
type = "stream"
["s:lost"]
type = "stream"
["s:mode"]
type = "hash"
["s:word"]
type = "string"
""",
    "services/api.toml": """\
summary = "Api | the front"
state = "running"
category = "front"
[run]
kind = "uvicorn"
app = "small.api:app"
port = "http"
venv = "main"
[ports.http]
listen = "127.0.0.1:8000"
health = { path = "/health" }
[ports.admin]
listen = "127.0.0.1:8001"
[ports.gossip]
listen = "127.0.0.1:8002"
protocol = "udp"
[streams]
writes = ["s:mode"]
[streams.consumes."s:tick"]
group = "api"
max_lag = 10
[streams.consumes."s:mute"]
group = "api"
max_lag = 10
[streams.consumes."s:lost"]
group = "api"
""",
    "services/feed.toml": """\
summary = "Feed"
state = "running"
category = "data"
run = {kind = "module", module = "small.feed", venv = "side"}
streams = {publishes = ["s:tick", "s:mute", "s:lost"], writes = ["s:word"]}
""",
    "services/crash.toml": """\
summary = "Ends at once"
state = "running"
category = "data"
run = {kind = "script", script = "crash.py", venv = "gone"}
""",
    "services/again.toml": write_script("Waits", "running", "again.py"),
    "services/broken.toml": write_script("Fails", "running", "broken.py"),
    "services/missing.toml": write_script("Is not there", "running", "no.py"),
    "services/dark.toml": write_script("Not seen", "running", "dark.py"),
    "services/nightly.toml": write_script("Night", "on-timer", "night.py"),
    "services/often.toml": 'summary = "Often"\nstate = "on-timer"\nrun = {kind = "command", argv = ["/bin/true"]}\n',
    "services/off.toml": write_script("Off", "stopped", "off.py"),
    "services/ghost.toml": 'summary = "Was"\nstate = "retired"\nwhy = "Replaced."\n',
    "services/vanished.toml": 'summary = "Was"\nstate = "retired"\nwhy = "Replaced, too."\n',
}


def desired() -> Desired:
    return resolve_files(FILES, "box")


def seen(subject: str, fact: Fact, store: str = "") -> Item:
    return observe(subject, fact, ask=2 if store else 1, store=store)


def up(pid: int, program: str, restarts: int = 0) -> Unit:
    return Unit(
        "loaded", "active", "running", "enabled", "A unit", main_pid=pid, user="svc", working_directory="/srv/small",
        exec_start=[[program, "--token", "hunter2"]], n_restarts=restarts,
        active_enter_timestamp=TAKEN_US - 60 * MINUTE_US,
    )  # fmt: skip


HOST = HostBaseline(
    "box", "Debian GNU/Linux 12 (bookworm)", "6.1.0", 93_784, [0.5, 0.25, 0.125], 2, 4 << 30, 1 << 30,
    40 << 30, 9 << 30, "252.39", "Etc/UTC", "b00t",
)  # fmt: skip
LISTING = UnitListing(
    units={
        "q-api.service": ["loaded", "active", "running"],
        "q-stray.service": ["loaded", "active", "running"],
        "q-named.service": ["not-found", "inactive", "dead"],
        "q-extra.timer": ["loaded", "active", "waiting"],
        "ssh.service": ["loaded", "active", "running"],
    },
    files={
        "q-ghost.service": "disabled",
        "q-api.service": "enabled",
        "q-also.service": "alias",
        "q-many@.service": "static",
        "rogue_one.service": "masked",
    },
)
TCP = Listeners([
    ["127.0.0.1", "8000", "q-api.service", "LISTEN 0 5 127.0.0.1:8000 0.0.0.0:* cgroup:/system.slice/q-api.service"],
    ["*", "8001", "docker.service", "LISTEN 0 5 *:8001 *:* cgroup:/system.slice/docker.service"],
    ["*", "3000", "", "LISTEN 0 5 *:3000 *:*"],
    ["[::1]", "9999", "q-stray.service", "LISTEN 0 5 [::1]:9999 [::]:* cgroup:/system.slice/q-stray.service"],
])  # fmt: skip

ITEMS: tuple[Item, ...] = (
    seen("host", HOST),
    seen("*", LISTING),
    seen("q-api.service", up(101, "/opt/small/main/bin/python")),
    seen("q-feed.service", up(102, "/opt/small/side/bin/python", restarts=2)),
    seen(
        "q-crash.service",
        Unit("loaded", "active", "running", "enabled", "Up again", n_restarts=7, main_pid=103,
             active_enter_timestamp=TAKEN_US - MINUTE_US // 2),
    ),
    seen("q-again.service", Unit("loaded", "activating", "auto-restart", "enabled")),
    seen("q-broken.service", Unit("loaded", "failed", "failed", "enabled")),
    miss("unit", "q-missing.service", State.ABSENT),
    miss("unit", "q-dark.service", State.REFUSED, "the bus said no | twice"),
    seen("q-nightly.service", Unit("loaded", "inactive", "dead", "static")),
    seen("q-often.service", Unit("loaded", "inactive", "dead", "static")),
    seen("q-off.service", Unit("masked", "inactive", "dead", "masked")),
    seen("q-ghost.service", Unit("loaded", "inactive", "dead", "disabled")),
    seen("q-vanished.service", Unit("not-found", "inactive", "dead", "")),
    seen("q-core.target", Unit("loaded", "active", "active", "enabled")),
    miss("unit", "q-older.target", State.ABSENT),
    seen("q-nightly.timer", Unit(
        "loaded", "active", "waiting", "enabled",
        next_elapse_usec_realtime=TAKEN_US + 100 * MINUTE_US, next_elapse_usec_monotonic=2**64 - 1, last_trigger_usec=0,
    )),
    seen("q-often.timer", Unit(
        "loaded", "active", "waiting", "enabled",
        next_elapse_usec_realtime=2**64 - 1, next_elapse_usec_monotonic=93_800_000_000,
        last_trigger_usec=TAKEN_US - MINUTE_US,
    )),
    seen("redis-server.service", Unit("loaded", "active", "running", "enabled")),
    miss("unit", "grafana.service", State.UNPARSEABLE, "cut off"),
    seen("tcp", TCP),
    miss("listeners", "udp", State.REFUSED, "no ss"),
    seen("/opt/small/main", VenvCheck("/opt/small/main/bin/python", "/usr/bin/python3.11", 0, "3.11.2")),
    seen("/opt/small/side", VenvCheck("/opt/small/side/bin/python", "", 127, "not found")),
    miss("venv", "/opt/small/gone", State.ABSENT),
    seen("/srv/small/small/api.py", File("file", "0644", "svc", "svc", 10, TAKEN_US)),
    seen("/srv/small/small/feed.py", File("link", "0777", "svc", "svc", 10, TAKEN_US, target="../feed.py")),
    miss("file", "/srv/small/crash.py", State.ABSENT),
    miss("file", "/srv/small/broken.py", State.REFUSED, "permission denied"),
    seen("redis", StoreServer("7.0.15", 86_400, 1_500_000)),
    seen("redis", StoreClock(TAKEN_US + 3_000_000)),
    seen("s:tick", Stream(1000, "1768634698500-0", 1_768_634_698_500, 1), "redis"),
    seen("s:tick/api", StreamGroup(None, 3, 1, "0-0"), "redis"),
    seen("s:mute", Stream(0, "0-0", 0, 0), "redis"),
    miss("stream.group", "s:mute/api", State.ABSENT, store="redis"),
    miss("stream", "s:lost", State.REFUSED, "NOPERM this user has no permissions", store="redis"),
    seen("s:mode", KeyFact("string"), "redis"),
    miss("key", "s:word", State.ABSENT, store="redis"),
)  # fmt: skip


ASKS = (
    Ask(1, "bus", ("GetUnit",), "systemctl show", TAKEN_AT, 3),
    Ask(2, "redis", ("XINFO", "STREAM", "s:tick"), "redis-cli XINFO STREAM s:tick", "2026-01-17T07:25:03.500Z", 3),
)


def evidence(items: tuple[Item, ...] = ITEMS) -> Evidence:
    return Evidence(EVIDENCE_SCHEMA, "0.0.0", "box", "192.0.2.1", "ssh", "audit", TAKEN_AT, ASKS, items)
