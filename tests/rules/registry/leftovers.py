"""QT108: what is found, and what is not."""

from tests.builders.registry import SMALL
from tests.lint.case import FEED, Case, I, W, after, env

_HOSTS = SMALL["hosts.toml"] + SMALL["hosts.toml"].replace("[box]", "[redis]")
_ALIASES = SMALL["hosts.toml"] + '[box.hosts_file.aliases]\n"127.0.0.1" = ["redis"]\n'

CASES: tuple[Case, ...] = (
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
    *(
        Case(f"no leftover: {name}", edits=edits, files=files)
        for name, edits, files in (
            (
                "the engine's own unit",
                {},
                {
                    "services/docker.toml": 'summary = "Docker"\nstate = "running"\nunit = "docker.service"\n'
                    '[run]\nkind = "command"\nargv = ["/usr/bin/dockerd", "-H", "unix:///var/run/docker.sock"]\n'
                    '[order]\nafter = ["docker.socket"]\nrequires = ["docker.socket"]\n'
                },
            ),
            (
                "an engine that is declared",
                {FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["docker.service"]')},
                {
                    "externals.toml": '[redis-server]\nsummary = "Redis"\n'
                    '[docker]\nsummary = "Docker"\nunit = "docker.service"\n'
                },
            ),
            (
                "a service that runs a container",
                {
                    FEED: (
                        'kind = "module"\nmodule = "small.feed"\nvenv = "main"\n',
                        (
                            'kind = "exec"\nlines = ["/usr/bin/docker run --rm -v /srv/x:/app/data --add-host '
                            'host.docker.internal:host-gateway x"]\n[order]\nafter = ["docker.service"]\n'
                        ),
                    )
                },
                {},
            ),
            ("a host of that name", {FEED: env(REDIS_HOST="redis")}, {"hosts.toml": _HOSTS}),
            ("a name in the hosts file", {FEED: env(REDIS_HOST="redis")}, {"hosts.toml": _ALIASES}),
            (
                "a folder /app that is declared",
                {FEED: env(DATA="/app/data")},
                {"folders.toml": '["/app"]\nsummary = "Data"\nuser = "root"\ngroup = "root"\nmode = "0755"\n'},
            ),
        )
    ),
    Case(
        "an order after the engine, and nothing else of containers",
        (("QT108", I, "services/feed.toml:14", "feed", "order.after names the container engine"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["docker.service"]')},
    ),
)
