"""A compose project and a registry that has all of it: what each test takes one thing away from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qtctl.adopt.compose_settings import read_settings
from qtctl.dialects.compose.load import Setting, load_project, make_compose
from qtctl.model.compose_settings import Dimension
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.model.registry import Legacy
from qtctl.parity.claims import Known, Record
from qtctl.parity.compare import Ground, compare_file
from qtctl.parity.evidence import Audited
from qtctl.parity.rows import ParityReport
from qtctl.rules.setting_fates import SettingFate
from tests.builders.desired import resolve_files
from tests.builders.registry import write_fleet, write_host, write_redis

COMPOSE = """\
services:
  redis:
    image: redis
    ports: ["127.0.0.1:6379:6379"]
  api:
    image: shop/api
    command: ["python", "-m", "uvicorn", "shop.api:app", "--host", "0.0.0.0", "--port", "8000"]
    restart: always
    user: shop
    environment:
      REDIS_HOST: redis
      STREAM_OUT: "s:orders"
      FEED_URL: "http://feed:8100/x"
      LEVEL: INFO
      OLD_NAME: kept
      API_TOKEN: t0pS3cr3tV4lue9x
      TZ: Europe/Oslo
    ports: ["8000:8000", "8001:8001"]
    volumes: ["./logs:/app/logs", "/srv/shared:/srv/shared:ro"]
    depends_on: [redis, feed]
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/health"]}
    mem_limit: 256m
    logging: {driver: json-file}
  feed:
    image: shop/feed
    entrypoint: ["/srv/shop/feed", "--all"]
"""
RECORD: dict[str, Any] = {
    "compose": "f.yml",
    "address": "127.0.0.1",
    "accepted": {"logging": "the journal has it"},
    "replaced": {"/app": "/srv/small"},
    "renamed": {"OLD_NAME": "NEW_NAME"},
    "services": {
        "redis": {"is": "migrated", "to": ["redis-server"], "why": "the host's own"},
        "api": {"is": "mapped", "to": ["api"], "why": "same", "ports": {"8001": "gone: nobody asked"}},
        "feed": {"is": "mapped", "to": ["feed"], "why": "same"},
    },
}
API = """\
summary = "Api"
state = "running"
user = "shop"
run = {kind = "uvicorn", app = "shop.api:app", port = "http"}
ports.http = {listen = "127.0.0.1:8000", health = {path = "/health"}}
restart = {restart = "always"}
limits = {memory_max = "256M"}
order = {after = ["redis-server", "feed"], wants = ["redis-server", "feed"]}
secrets = {env_file = "/etc/small/api.secret.env", keys = ["API_TOKEN"]}
[env]
REDIS_HOST = "127.0.0.1"
STREAM_OUT = "s:orders"
FEED_URL = "http://127.0.0.1:8100/x"
LEVEL = "INFO"
NEW_NAME = "kept"
TZ = "Europe/Oslo"
"""
FILES = {
    "fleet.toml": write_fleet("small", prefix="q-"),
    "hosts.toml": write_host() + write_host("other", "192.0.2.2"),
    "externals.toml": write_redis('["redis"]'),
    "stores.toml": '[redis]\nexternal = "redis-server"\nkey_patterns = ["s:*"]\n',
    "streams.toml": '["s:orders"]\ntype = "stream"\n',
    "services/api.toml": API,
    "services/feed.toml": """\
summary = "Feed"
state = "running"
run = {kind = "command", argv = ["/srv/shop/feed", "--all"]}
""",
    "services/late.toml": """\
summary = "Late"
state = "running"
run = {kind = "command", argv = ["/srv/shop/late"]}
""",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """The whole, changed by a test."""

    compose: str = COMPOSE
    record: Mapping[str, Any] = field(default_factory=lambda: RECORD)
    files: Mapping[str, str] = field(default_factory=lambda: FILES)

    def desired(self) -> Desired:
        return resolve_files(dict(self.files), "box")

    def compare(self, facts: Facts | None = None, audited: Audited | None = None) -> ParityReport:
        project = load_project({"f.yml": self.compose}, Setting(folder="/p", lenient=True))
        record = Record(make_compose(project), Legacy.model_validate(self.record))
        ground = Ground.of(self.desired(), facts, {"far"}, audited)
        return compare_file(record, ground, read_settings(project, 252), Known.of((record,)))

    def fates(self, service: str = "api") -> dict[str, SettingFate]:
        row = next(row for row in self.compare().rows if row.service == service)
        return {each.item: each for part in row.dimensions for each in part.settings}

    def findings(self) -> list[tuple[str, str, str]]:
        """Of settings and rules: without evidence no unit and no port is judged."""
        return [(each.id, each.subject, str(each.observed)) for each in self.compare().findings]


def list_dimensions(report: ParityReport, service: str) -> dict[Dimension, str]:
    row = next(row for row in report.rows if row.service == service)
    return {part.dimension: part.counts.verdict.value for part in row.dimensions}
