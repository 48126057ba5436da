"""QT108: what is found, and what is not."""

from tests.lint.case import FEED, Case, W, after, env

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
)
