"""Registries with one thing wrong, and what lint says of it: id, severity, file:line, subject, words of the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.registry.small import SMALL

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = {path.name: path.read_text() for path in (ROOT / "unit_templates").glob("*.j2")}

JOB = """\
summary = "Job"
state = "on-timer"
type = "oneshot"

[run]
kind = "command"
argv = ["/usr/bin/job"]
"""
TIMER = """\
[job]
summary = "Hourly"
service = "job"
on_calendar = ["hourly"]
"""
RESTART = 'restart = { restart = "always", restart_sec = "5s", start_limit_interval = "Ns", start_limit_burst = 10 }'
LINE = f"service.j2:{TEMPLATES['service.j2'].splitlines().index('[Service]') + 2}"
"""Where lines of the user's own stand."""
API, FEED, FLEET = "services/api.toml", "services/feed.toml", "fleet.toml"


@dataclass(frozen=True)
class Case:
    """`found` empty: it holds. `edits`: file → (old, new); `files`: whole texts; `template`: as edits."""

    name: str
    found: tuple[tuple[str, str, str, str, str], ...] = ()
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, bytes]:
        texts = {**SMALL, **self.files}
        for path, (old, new) in self.edits.items():
            assert old in texts[path], (self.name, old)
            texts[path] = texts[path].replace(old, new, 1)
        return {path: text.encode() for path, text in texts.items()}

    @property
    def templates(self) -> dict[str, str]:
        texts = dict(TEMPLATES)
        for path, (old, new) in self.template.items():
            assert old in texts[path], (self.name, old)
            texts[path] = texts[path].replace(old, new, 1)
        return texts


def after(text: str, *lines: str) -> tuple[str, str]:
    """An edit that adds lines after `text`."""
    return text, "\n".join((text.rstrip("\n"), *lines, ""))


def env(**values: str) -> tuple[str, str]:
    return after('venv = "main"\n', "", "[env]", *(f"{key} = {value!r}" for key, value in values.items()))


def service(*lines: str) -> dict[str, tuple[str, str]]:
    """Lines of the user's own in [Service] of service.j2."""
    return {"service.j2": after("[Service]\n", *lines)}


E, W, I = "error", "warning", "info"  # noqa: E741
JOBS = {"services/job.toml": JOB, "timers.toml": TIMER}

CASES: tuple[Case, ...] = (
    Case("clean"),
    Case("clean with a timer", files=JOBS),
    # QT103
    Case(
        "a circle",
        (("QT103", E, "services/api.toml:16", "api", "small-api.service after small-feed.service after small-api"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["api"]')},
    ),
    Case(
        "a circle through before",
        (("QT103", E, "services/api.toml:16", "api", "ordered after itself"),),
        {API: ('after = ["feed"]', 'after = ["feed"]\nbefore = ["feed"]')},
    ),
    Case(
        "a circle through what targets imply",
        (("QT103", E, "services/api.toml:16", "api", "small-core.target after small-api.service"),),
        {API: ('after = ["feed"]', 'after = ["late"]')},
        {"targets.toml": '[core]\nsummary = "All"\n\n[late]\nsummary = "Late"\norder.after = ["core"]\n'},
    ),
    Case("a target ordered before its member", edits={API: ('after = ["feed"]', 'after = ["feed", "core"]')}),
    Case(
        "requires without after",
        (("QT103", W, "services/feed.toml:14", "feed", "requires small-api.service and is not ordered after it"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["api"]'), API: ('after = ["feed"]', "")},
    ),
    Case("requires with after", edits={API: ('after = ["feed"]', 'after = ["feed"]\nrequires = ["feed"]')}),
    Case(
        "binds to something external",
        (("QT103", W, "services/api.toml:17", "api", "binds_to nginx.service"),),
        {API: ('after = ["feed"]', 'after = ["feed"]\nbinds_to = ["nginx.service"]')},
    ),
    Case(
        "required by the defaults",
        (("QT103", W, "fleet.toml:11", "api and 1 more", "requires redis-server.service"),),
        {FLEET: ('{ after = ["redis-server"], wants = ["redis-server"] }', '{ requires = ["redis-server"] }')},
    ),
    # QT104
    Case(
        "consumed, never published",
        (("QT104", W, "services/api.toml:18", "s:tick", "nothing that runs publishes it"),),
        {FEED: ('publishes = ["s:tick"]\n', "")},
    ),
    Case(
        "consumed, published by what is stopped",
        (("QT104", W, "services/api.toml:18", "s:tick", "; feed would, and is declared stopped"),),
        {FEED: ('state = "running"', 'state = "stopped"')},
    ),
    Case(
        "published, never consumed",
        (("QT104", I, "services/feed.toml:11", "s:tick", "nothing that runs consumes or reads it"),),
        {API: ('[streams.consumes."s:tick"]\ngroup = "api"\nmax_lag = 10\n', "")},
    ),
    Case(
        "published, and read without a group",
        edits={API: ('[streams.consumes."s:tick"]\ngroup = "api"\nmax_lag = 10\n', '[streams]\nreads = ["s:tick"]\n')},
    ),
    # QT105
    Case(
        "more memory than there is",
        (("QT105", W, "hosts.toml:5", "box", "2 services that run there adds up to 0.5G (most: api, feed)"),),
        {"hosts.toml": ('memory = "4G"', 'memory = "500M"')},
    ),
    Case("as much as there is", edits={"hosts.toml": ('memory = "4G"', 'memory = "512M"')}),
    Case(
        "what is stopped needs none",
        (("QT104", I, "services/feed.toml:11", "s:tick", "published"),),
        {"hosts.toml": ('memory = "4G"', 'memory = "500M"'), API: ('state = "running"', 'state = "stopped"')},
    ),
    # QT106
    Case(
        "twins",
        (("QT106", W, "services/fe_ed.toml:1", "fe_ed", "differs from fe-ed only by - and _"),),
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": JOB.replace("on-timer", "stopped"),
        },
    ),
    Case(
        "a retired twin that says what took its place",
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": 'summary = "Gone"\nstate = "retired"\nreplaced_by = ["fe-ed"]\n',
        },
    ),
    Case(
        "a retired twin that does not",
        (("QT106", W, "services/fe_ed.toml:1", "fe_ed", "differs from fe-ed"),),
        files={
            "services/fe-ed.toml": JOB.replace("on-timer", "stopped"),
            "services/fe_ed.toml": 'summary = "Gone"\nstate = "retired"\n',
        },
    ),
    Case(
        "twins among venvs",
        (("QT106", W, "venvs.toml:4", "ma_in", "differs from ma-in"),),
        files={"venvs.toml": '[ma-in]\npath = "/opt/1"\n\n[ma_in]\npath = "/opt/2"\n[main]\npath = "/opt/3"\n'},
    ),
    # QT107
    Case(
        "code in a home that is hidden",
        (
            ("QT107", E, "services/feed.toml:5", "feed", "entry point (/home/svc/code/small/feed.py)"),
            ("QT107", E, "services/feed.toml:5", "feed", "working directory (/home/svc/code)"),
        ),
        {FEED: after('venv = "main"\n', 'code = "/home/svc/code"', "[sandbox]", 'profile = "strict"')},
    ),
    Case(
        "a venv in a home that is hidden",
        (
            ("QT107", E, "services/feed.toml:5", "feed", "program (/home/svc/venv/bin/python)"),
            ("QT107", E, "services/feed.toml:8", "feed", "venv (/home/svc/venv)"),
        ),
        {
            FEED: after('venv = "main"\n', "[sandbox]", 'profile = "strict"'),
            "venvs.toml": ("/opt/small/venv", "/home/svc/venv"),
        },
    ),
    Case(
        "a writable path in a home that is hidden",
        (("QT107", E, "services/feed.toml:11", "feed", "writable path (/home/svc/out)"),),
        {FEED: after('venv = "main"\n', "[sandbox]", 'profile = "strict"', 'read_write_paths = ["/home/svc/out"]')},
    ),
    Case("code in a home that is not hidden", edits={FEED: after('venv = "main"\n', 'code = "/home/svc/code"')}),
    Case(
        "nothing writable",
        (("QT107", W, "services/feed.toml:13", "feed", "no writable path for what LOG_FILE names"),),
        {
            FEED: after(
                'venv = "main"\n', "[sandbox]", 'profile = "strict"', "", "[env]", "LOG_FILE = '/var/log/f/a.log'"
            )
        },
    ),
    Case(
        "something writable",
        edits={
            FEED: after(
                'venv = "main"\n',
                "[sandbox]",
                'profile = "strict"',
                'read_write_paths = ["/var/log/f"]',
                "[env]",
                "LOG_FILE = '/var/log/f/a.log'",
                "TMP_DIR = '/tmp/x'",
            )
        },
    ),
    Case(
        "a log in /etc under the default profile",
        (("QT107", W, "services/feed.toml:11", "feed", "ProtectSystem=full"),),
        {FEED: env(LOG_DIR="/etc/small/log")},
    ),
    Case(
        "a state directory of the template's",
        edits={FEED: env(STATE_PATH="/etc/small/state")},
        template=service("BindPaths=/srv/state:/etc/small"),
    ),
    # QT108
    Case(
        "the host of a container",
        (("QT108", W, "services/feed.toml:11", "feed", "env.REDIS_HOST names a container, not a host"),),
        {FEED: env(REDIS_HOST="redis")},
    ),
    Case(
        "the name of a container",
        (("QT108", W, "services/feed.toml:11", "feed", "env.BUS names a container"),),
        {FEED: env(BUS="small_redis")},
    ),
    Case(
        "a container in a URL",
        (("QT108", W, "services/feed.toml:11", "feed", "env.BUS names a container"),),
        {FEED: env(BUS="redis://redis:6379/0")},
    ),
    Case(
        "a compose service as a host",
        (("QT108", W, "services/feed.toml:11", "feed", "env.API_HOST names a container"),),
        {FEED: env(API_HOST="web-api:80")},
        {"legacy/c.toml": 'compose = "c.yml"\n[services.web-api]\nis = "mapped"\nto = ["api"]\nwhy = "w"\n'},
    ),
    Case(
        "a path in a container",
        (("QT108", W, "services/feed.toml:11", "feed", "env.PYTHONPATH leads into /app"),),
        {FEED: env(PYTHONPATH="/srv/small:/app")},
    ),
    Case(
        "an argument in a container",
        (("QT108", W, "services/feed.toml:9", "feed", "run.args[1] leads into /app"),),
        {FEED: after('venv = "main"\n', 'args = ["--config", "/app/c.yml"]')},
    ),
    Case(
        "a network of containers",
        (("QT108", W, "services/feed.toml:11", "feed", "env.DOCKER_NETWORK names a container network"),),
        {FEED: env(DOCKER_NETWORK="app_network")},
    ),
    Case(
        "the engine",
        (
            ("QT108", W, "services/feed.toml:11", "feed", "env.A names something of the container engine"),
            ("QT108", W, "services/feed.toml:13", "feed", "order.after names the container engine"),
        ),
        {
            FEED: after(
                'venv = "main"\n',
                "",
                "[env]",
                'A = "http://host.docker.internal:80"',
                "[order]",
                'after = ["docker.service"]',
            )
        },
    ),
    Case(
        "not a container", edits={FEED: env(REDIS_HOST="127.0.0.1", DB="redis", X="/srv/app/x", Y="https://a.b/app/")}
    ),
    # QT109
    *(
        Case(
            f"a secret: {key}",
            (("QT109", severity, "services/feed.toml:11", "feed", f"env.{key} {says}"),),
            {FEED: env(**{key: value})},
        )
        for key, value, severity, says in (
            ("BINANCE_API_KEY", "hunter2-hunter2", E, "is a secret by its name"),
            ("DB_PASSWORD", "changeme", E, "is a secret by its name"),
            ("SLACK_TOKEN", "abc", E, "is a secret by its name"),
            ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1/db", E, "holds a URL with a password"),
            ("ROUTE", "https://hooks.slack.com/services/T0123ABCD/B0123ABCD/abcdefghijklmnopqrst", E, "holds a token"),
            ("CERT", "-----BEGIN RSA PRIVATE KEY-----", E, "holds a private key"),
            ("AWS", "AKIAIOSFODNN7EXAMPLE", E, "holds a token of a known form"),
            ("SEED", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", W, "holds text as random as a key"),
            ("SALT", "kJ8s0Lq2Zx7Vb3Nm5Pw9Rt1Yu4", W, "holds text as random as a key"),
        )
    ),
    Case(
        "a secret as an argument",
        (
            ("QT109", E, "services/feed.toml:9", "feed", "run.args[0] (--api-key) is a secret by its name"),
            ("QT109", E, "services/feed.toml:9", "feed", "run.args[2] is a secret by its name"),
        ),
        {FEED: after('venv = "main"\n', 'args = ["--api-key=hunter2", "--db-password", "hunter3"]')},
    ),
    Case(
        "a secret in the defaults",
        (("QT109", E, "fleet.toml:10", "defaults", "env.API_TOKEN is a secret"),),
        {FLEET: ('env = { LOG_LEVEL = "INFO" }', 'env = { LOG_LEVEL = "INFO", API_TOKEN = "hunter2" }')},
    ),
    Case(
        "a secret in a note",
        (("QT109", E, "services/feed.toml:2", "feed", "notes holds a URL with a password"),),
        {FEED: after('summary = "Feed"\n', 'notes = "was redis://:hunter2@10.0.0.1"')},
    ),
    Case(
        "no secrets",
        edits={
            FEED: env(
                API_KEY_FILE="/etc/small/key",
                TOKEN_TTL="60",
                MAX_TOKENS="4096",
                PASSWORD="",
                SECRET_NAME="small",
                USE_TOKEN="true",
                ID="123e4567-e89b-12d3-a456-426614174000",
                MODEL="/data/models/aB3dE6gH9jK2mN5pQ8sT1v",
                LIST='["xgb","lgbm","nhits","patchtst"]',
                SYMBOLS="BTCUSDT,ETHUSDT,BNBUSDT,SOLUSDT,XRPUSDT",
                MODULE="microservices.rl_sizing_agent.pnl_feedback_listener2X",
                NAME="PortfolioGovernanceServiceV2Runner",
            )
        },
    ),
    Case(
        "a secret in a template",
        (("QT109", E, LINE, "api and 1 more", "Environment API_TOKEN is a secret"),),
        template=service("Environment=API_TOKEN=hunter2"),
    ),
    # QT110
    *(
        Case(f"misread: {line}", (("QT110", severity, LINE, "api and 1 more", says),), template=service(line))
        for line, severity, says in (
            ("LimitCORE=0 # none", E, "LimitCORE= has a # after its value"),
            ("MemoryLow=16G # a lot", E, "MemoryLow= has a # after its value"),
            ("Environment=A=b c", E, "a word that is no NAME=value"),
            ("Environment=FMT=%Y-%m-%d", W, "Environment= has a % that systemd replaces"),
            ("ExecStartPre=/bin/date +%%H:%H:%M", W, "ExecStartPre= has a % that systemd replaces"),
            ("ExecStartPre=/bin/echo 50%s", W, "ExecStartPre= has a %"),
            ("ExecStartPre=/bin/echo $NOTHING", W, "ExecStartPre= uses $NOTHING, which nothing sets"),
            ("ExecStartPre=/bin/echo # hello", E, "ExecStartPre= has a # after its value"),
            ("SendSIGHUP=maybe", E, "SendSIGHUP= is neither yes nor no"),
            ("TimeoutStartSec=ten", E, "TimeoutStartSec= is no time span"),
            ("MemorySwapMax=lots", E, "MemorySwapMax= is no size"),
        )
    ),
    Case(
        "not misread",
        template=service(
            "ExecStartPre=/bin/echo ${LOG_LEVEL} $$HOME $MAINPID '#' \"# x\" %n %%Y 100%%",
            "Environment=\"A=b c\" 'B=# x' C=%i",
            "CPUQuota=50%",
            "SyslogLevelPrefix=off",
        ),
    ),
    Case(
        "carriage returns",
        (("QT110", W, "targets.toml:1", "core", "lines that end with a carriage return"),),
        template={"target.j2": ("[Unit]\n", '[Unit]{{ "\\r" }}\n')},
    ),
    Case(
        "export in an env file",
        (
            ("QT110", E, "services/api.toml:1", "small-api.service", "begin with export"),
            ("QT110", E, "services/feed.toml:1", "small-feed.service", "begin with export"),
        ),
        template={"env.j2": after("{{ mark }}\n", "export A=b")},
    ),
    Case(
        "a value that no env file can say",
        (("QT110", E, "services/feed.toml:11", "feed", "cannot be written into a unit or env file"),),
        {FEED: after('venv = "main"\n', "", "[env]", 'A = "\\uFFFE"')},
    ),
    Case(
        "a summary that no unit can say",
        (("QT110", E, "services/feed.toml:1", "feed", "Description: holds a line break"),),
        {FEED: ('"Feed"', '"Feed\\nExecStart=x"')},
    ),
    # QT111
    *(
        Case(
            f"directive: {line}",
            (("QT111", severity, LINE, "api and 1 more", says),),
            template=service(line),
        )
        for line, severity, says in (
            ("StartLimitIntervalSec=5", E, "systemd 252 ignores StartLimitIntervalSec= in [Service]"),
            ("WantedBy=multi-user.target", E, "ignores WantedBy= in [Service]"),
            ("MemoryMaxx=1G", E, "ignores MemoryMaxx= in [Service]"),
            ("RestartSteps=3", E, "ignores RestartSteps= in [Service]"),
            ("PrivatePIDs=yes", E, "ignores PrivatePIDs= in [Service]"),
            ("StartLimitInterval=5", W, "StartLimitInterval= in [Service] is an old spelling"),
            ("StartLimitBurst=5", W, "StartLimitBurst= in [Service] is an old spelling"),
            ("MemoryLimit=1G", W, "MemoryLimit= in [Service] is an old spelling"),
            ("CPUShares=100", W, "CPUShares= in [Service] is an old spelling"),
        )
    ),
    Case("directives that are fine", template=service("X-Ours=1", "StateDirectory=x", "ProtectProc=invisible")),
    Case(
        "known to a newer host",
        edits={"hosts.toml": ("cpus = 2", "cpus = 2\nsystemd = 255")},
        template=service("RestartSteps=3"),
    ),
    Case(
        "a section of another type",
        (("QT111", E, "targets.toml:1", "core", "systemd ignores all of [Service]"),),
        template={"target.j2": after("[Unit]\n", "Documentation=man:x", "[Service]", "[Unit]")},
    ),
    Case(
        "a section in lower case",
        (("QT111", E, "targets.toml:1", "core", "systemd ignores all of [install]"),),
        template={"target.j2": after("[Unit]\n", "[install]", "[Unit]")},
    ),
    # QT112
    Case(
        "an expression that systemd refuses",
        (("QT112", E, "timers.toml:4", "job", "'every hour' is no calendar expression"),),
        files={**JOBS, "timers.toml": TIMER.replace("hourly", "every hour")},
    ),
    Case(
        "a oneshot with two starters",
        (("QT112", W, "services/job.toml:2", "job", "both small-job.timer and multi-user.target start"),),
        files={**JOBS, "services/job.toml": JOB.replace("on-timer", "running")},
    ),
    Case(
        "a timer and RemainAfterExit",
        (("QT112", E, "services/job.toml:1", "job", "has RemainAfterExit= and is started by small-job.timer"),),
        files=JOBS,
        template=service("RemainAfterExit=yes"),
    ),
    Case(
        "a service that remains, and a timer",
        (("QT112", E, "services/job.toml:4", "job", "has RemainAfterExit= and is started by small-job.timer"),),
        files={**JOBS, "services/job.toml": JOB.replace("\n\n[run]", "\nremain_after_exit = true\n[run]")},
    ),
    Case(
        "secrets and leftovers in other commands",
        (
            ("QT108", W, "services/feed.toml:10", "feed", "commands.start_pre[0][0] leads into /app"),
            ("QT109", E, "services/feed.toml:10", "feed", "commands.start_pre[0][1] (--token) is a secret"),
        ),
        {FEED: after('venv = "main"\n', "[commands]", 'start_pre = [["/app/check", "--token=hunter2"]]')},
    ),
    Case(
        "a command in a home that is hidden",
        (("QT107", E, "services/feed.toml:12", "feed", "ExecStartPre= program (/home/svc/check)"),),
        {
            FEED: after(
                'venv = "main"\n',
                "[sandbox]",
                'profile = "strict"',
                "[commands]",
                'start_pre = [["/home/svc/check"], ["+/home/svc/other"]]',
            )
        },
    ),
    Case(
        "a timer that waits for itself",
        (("QT112", W, "timers.toml:1", "job", "it never elapses"),),
        files={**JOBS, "timers.toml": TIMER.replace('on_calendar = ["hourly"]', 'on_unit_active = "5min"')},
    ),
    # QT113
    Case(
        "a module that is not importable",
        (("QT113", W, "services/feed.toml:5", "feed", "runs the module small.feed"),),
        {FEED: after('venv = "main"\n', 'cwd = "/var/lib/small"')},
    ),
    Case(
        "an application that is not importable",
        (("QT113", W, "services/api.toml:5", "api", "runs the module small.api"),),
        {API: after('venv = "main"\n', 'cwd = "/var/lib/small"')},
    ),
    Case(
        "a module found through PYTHONPATH",
        edits={FEED: after('venv = "main"\n', 'cwd = "/var/lib/small"', "[env]", "PYTHONPATH = '/opt/x:/srv/small/'")},
    ),
    Case(
        "a module of Python's own",
        edits={FEED: ('module = "small.feed"', 'module = "http.server"\ncwd = "/var/lib/small"')},
    ),
    Case(
        "a working directory that Python leaves out",
        (("QT113", W, "services/job.toml:5", "job", "runs the module small.job"),),
        files={
            **JOBS,
            "services/job.toml": JOB.replace('["/usr/bin/job"]', '["/usr/bin/python3", "-I", "-m", "small.job"]'),
        },
    ),
    # QT114
    Case(
        "no cap",
        (
            ("QT114", W, "services/api.toml:1", "api", "no memory cap"),
            ("QT114", W, "services/feed.toml:1", "feed", "no"),
        ),
        {FLEET: ('limits = { memory_max = "256M" }\n', "")},
    ),
    Case(
        "no cap, said so",
        (("QT114", W, "services/feed.toml:4", "feed", "no memory cap"),),
        {FEED: ('target = "core"', 'target = "core"\nlimits.memory_max = "infinity"')},
    ),
    Case(
        "high above max",
        (("QT114", W, "services/feed.toml:4", "feed", "memory_high above its memory_max"),),
        {FEED: ('target = "core"', 'target = "core"\nlimits.memory_high = "1G"')},
    ),
    Case(
        "a start limit that is never hit",
        (("QT114", W, "fleet.toml:13", "api and 1 more", "can never hit its start limit"),),
        {
            FLEET: after(
                'limits = { memory_max = "256M" }\n',
                RESTART.replace("N", "50"),
            )
        },
    ),
    Case(
        "a start limit that is hit",
        edits={
            FLEET: after(
                'limits = { memory_max = "256M" }\n',
                RESTART.replace("N", "51"),
            )
        },
    ),
    Case(
        "systemd's own start limit",
        (("QT114", W, "services/feed.toml:1", "feed", "can never hit its start limit"),),
        {FEED: ('target = "core"', 'target = "core"\nrestart = { restart = "on-failure", restart_sec = "5s" }')},
    ),
    # QT115
    Case(
        "one account for both",
        (("QT115", E, "hosts.toml:3", "box", "audit_user ops is deploy_user too"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "ops"')},
    ),
    Case(
        "root for both",
        (("QT115", E, "hosts.toml:3", "box", "audit_user root is deploy_user too"),),
        {"hosts.toml": ('audit_user = "audit"\ndeploy_user = "ops"', 'audit_user = "root"\ndeploy_user = "root"')},
    ),
    Case(
        "root audits",
        (("QT115", E, "hosts.toml:3", "box", "audit_user root can change the host"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "root"')},
    ),
    Case(
        "an account of services audits",
        (("QT115", W, "hosts.toml:3", "box", "audit_user svc runs small-api.service and 1 more too"),),
        {"hosts.toml": ('audit_user = "audit"', 'audit_user = "svc"')},
    ),
    Case("root deploys", edits={"hosts.toml": ('deploy_user = "ops"', 'deploy_user = "root"')}),
    # QT116
    Case(
        "env files in a folder that an account owns",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /srv/app, which folders.toml gives to svc, and root writes"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/app/env"')},
        {"folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n'},
    ),
    Case(
        "env files in a folder that a group may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "/etc/small is a folder which folders.toml gives to group svc"),),
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\ngroup = "svc"\nmode = "2770"\n'},
    ),
    Case(
        "env files in a folder that everyone may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "gives to every user"),),
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\nmode = "1777"\n'},
    ),
    Case(
        "env files in a folder that an account may only read",
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\ngroup = "svc"\nmode = "0750"\n'},
    ),
    Case(
        "env files beside a folder that an account owns",
        edits={FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/app-env"')},
        files={"folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n'},
    ),
    Case(
        "env files in a declared home",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /srv/svc, the home of svc"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/svc/env"')},
        {"users.toml": '[svc]\nsummary = "Runs all"\nhome = "/srv/svc"\n'},
    ),
    Case(
        "env files in what is a home by its name",
        (("QT116", E, "fleet.toml:4", "env_dir", "is a home, by its name that of anna, and root"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/home/anna"')},
    ),
    Case(
        "env files where all may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /tmp, where every user can make files"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/tmp/small"')},
    ),
    Case(
        "env files in the state of a service",
        (("QT116", E, "fleet.toml:4", "env_dir", "gives to svc (StateDirectory= of small-feed.service)"),),
        {
            FLEET: ('env_dir = "/etc/small"', 'env_dir = "/var/lib/feed/env"'),
            FEED: after('writes = ["s:mode"]\n', "[directories]", 'state = ["feed"]'),
        },
    ),
    Case(
        "units in a folder that is given away",
        (("QT116", E, "services/api.toml:1", "small-api.service", "/etc/systemd/system is in /etc/systemd, which"),),
        files={"folders.toml": '["/etc/systemd"]\nsummary = "Mine"\nuser = "svc"\n'},
    ),
    Case(
        "secrets in the service's own home",
        (("QT116", I, "services/feed.toml:14", "feed", "svc could put a link to any file of root's there"),),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'env_file = "/home/svc/feed.env"', 'keys = ["T"]')},
    ),
    Case(
        "secrets in another's home",
        (
            (
                "QT116",
                W,
                "services/feed.toml:14",
                "feed",
                "anna could put a link to any file of root's there, or choose",
            ),
        ),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'env_file = "/home/anna/feed.env"', 'keys = ["T"]')},
    ),
    Case(
        "a credential in the service's own home",
        (("QT116", W, "services/feed.toml:14", "feed", "systemd reads /home/svc/t as root"),),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'credentials = { t = "/home/svc/t" }')},
    ),
    Case(
        "an output in a folder of the service's own account",
        (
            (
                "QT116",
                W,
                "services/feed.toml:14",
                "feed",
                "as root, writes /var/log/feed/out.log, in /var/log/feed, which",
            ),
        ),
        {
            FEED: after(
                'writes = ["s:mode"]\n',
                "[log]",
                'stdout = "append:/var/log/feed/out.log"',
                "[directories]",
                'logs = ["feed"]',
            )
        },
    ),
    Case(
        "an output in a folder of root's",
        edits={FEED: after('writes = ["s:mode"]\n', "[log]", 'stdout = "append:/var/log/feed.log"')},
    ),
    Case(
        "a socket where all may write",
        (("QT116", W, "sockets.toml:3", "feed", "as root, makes /tmp/feed.sock, in /tmp, where every user"),),
        files={"sockets.toml": '[feed]\nsummary = "S"\nlisten = ["stream /tmp/feed.sock"]\n'},
    ),
    Case(
        "a folder of one account in the home of another",
        (("QT116", W, "folders.toml:1", "/home/svc/in", "is other's, in /home/svc, the home of svc: svc could put"),),
        files={
            "folders.toml": '["/home/svc/in"]\nsummary = "In"\nuser = "other"\n',
            "users.toml": '[svc]\nsummary = "Runs all"\nhome = "/home/svc"\n',
        },
    ),
    Case(
        "a folder of an account in one that a group may write",
        (
            (
                "QT116",
                W,
                "folders.toml:6",
                "/srv/app/in",
                "is svc's, in /srv/app, which folders.toml gives to group all",
            ),
        ),
        files={
            "folders.toml": '["/srv/app"]\nsummary = "App"\ngroup = "all"\nmode = "0775"\n\n["/srv/app/in"]\n'
            'summary = "In"\nuser = "svc"\n'
        },
    ),
    Case(
        "a folder of an account in another of its own",
        files={
            "folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n\n["/srv/app/in"]\nsummary = "In"\n'
            'user = "svc"\n'
        },
    ),
)
