"""QT804 to QT808: what is taken out of a registry, or put into a compose file, and the one thing that is found."""

from typing import NamedTuple


class SettingCase(NamedTuple):
    """`file`: of the registry, or "compose", where `old` becomes `new`."""

    file: str
    old: str
    new: str
    finding: tuple[str, str, str]


API = "services/api.toml"
CASES: dict[str, SettingCase] = {
    "env-key-lost": SettingCase(
        API, 'LEVEL = "INFO"\n', "", ("QT804", "compose:api environment.LEVEL", "nothing declares it")
    ),
    "env-value-differs": SettingCase(API, '"INFO"', '"DEBUG"', ("QT804", "compose:api environment.LEVEL", "DEBUG")),
    "renamed-to-nothing": SettingCase(
        API, 'NEW_NAME = "kept"\n', "",
        ("QT804", "compose:api environment.OLD_NAME", "renamed NEW_NAME, which nothing declares"),
    ),
    "secret-lost": SettingCase(
        API, 'keys = ["API_TOKEN"]', "keys = []",
        ("QT804", "compose:api environment.API_TOKEN", "nothing declares it"),
    ),
    "time-zone-differs": SettingCase(
        API, "Europe/Oslo", "Etc/UTC", ("QT804", "compose:api environment.TZ", "Etc/UTC")
    ),
    "redis-elsewhere": SettingCase(
        API, 'REDIS_HOST = "127.0.0.1"', 'REDIS_HOST = "127.0.0.1"\nREDIS_PORT = "6380"',
        ("QT804", "compose:api environment.REDIS_HOST", "127.0.0.1: no store is declared at 127.0.0.1:6380"),
    ),
    "stream-undeclared": SettingCase(
        "streams.toml", "s:orders", "s:others",
        ("QT804", "compose:api environment.STREAM_OUT", "s:orders: no key s:orders is declared"),
    ),
    "command-differs": SettingCase(
        API, "shop.api:app", "shop.web:app",
        ("QT805", "compose:api command", "/usr/bin/python3 -m uvicorn shop.web:app --host 127.0.0.1 --port 8000"),
    ),
    "entry-point-differs": SettingCase(
        "services/feed.toml", ', "--all"', "", ("QT805", "compose:feed entrypoint", "/srv/shop/feed")
    ),
    "limit-lost": SettingCase(
        API, 'limits = {memory_max = "256M"}\n', "", ("QT806", "compose:api mem_limit", "nothing declares it")
    ),
    "limit-differs": SettingCase(API, '"256M"', '"1G"', ("QT806", "compose:api mem_limit", "MemoryMax=1G")),
    "restart-policy-lost": SettingCase(
        API, 'restart = {restart = "always"}\n', "", ("QT806", "compose:api restart", "nothing declares it")
    ),
    "user-differs": SettingCase(API, 'user = "shop"', 'user = "root"', ("QT806", "compose:api user", "User=root")),
    "healthcheck-lost": SettingCase(
        API, ', health = {path = "/health"}', "", ("QT806", "compose:api healthcheck", "nothing declares it")
    ),
    "healthcheck-differs": SettingCase(
        API, "/health", "/ready", ("QT806", "compose:api healthcheck", "GET 127.0.0.1:8000/ready")
    ),
    "volume-without-a-path": SettingCase(
        "compose", '"./logs:/app/logs", ', '"./logs:/app/logs", "data:/var/lib/data", ',
        ("QT807", "compose:api volumes./var/lib/data", "nothing declares it"),
    ),
    "socket-of-the-engine": SettingCase(
        "compose", '"./logs:/app/logs", ', '"./logs:/app/logs", "/var/run/docker.sock:/var/run/docker.sock", ',
        ("QT807", "compose:api volumes./var/run/docker.sock", "the socket of the container engine"),
    ),
    "dependency-lost": SettingCase(
        API, 'after = ["redis-server", "feed"], wants = ["redis-server", "feed"]',
        'after = ["redis-server"], wants = ["redis-server"]',
        ("QT808", "compose:api depends_on.feed", "nothing declares it"),
    ),
    "dependency-weaker": SettingCase(
        API, 'wants = ["redis-server", "feed"]', 'wants = ["redis-server"]',
        ("QT808", "compose:api depends_on.feed", "after q-feed.service"),
    ),
    "left-without-a-word": SettingCase(
        "compose", "    mem_limit: 256m\n", "    mem_limit: 256m\n    dns: [192.0.2.53]\n",
        ("QT806", "compose:api dns[0]",
         "is the name server of a container; services use that of their host"),
    ),
}  # fmt: skip
