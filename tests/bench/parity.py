"""python -m tests.bench.parity [ROUNDS]: parity of 1,000 compose services with a registry that declares all of them.

From the text of the compose file to the document: the file is read as Compose reads it, and every setting is compared.
No host is needed. CPU is what is judged, the least of the rounds. Exit 1 where it is over its aim.
"""

import gc
import sys
from time import process_time

from qtctl.__main__ import be_quick
from qtctl.adapters.files import read_templates
from qtctl.api.parity import compare_projects
from qtctl.dialects.compose.load import Setting, load_project
from qtctl.flows.declare import Loaded, declare
from qtctl.reports.parity import build_report
from tests.builders.registry import write_fleet, write_host, write_redis

ROUNDS = 5
COUNT = 1_000
AIM = 2.0
"""Seconds."""
SERVICE = """\
  s{n}:
    image: shop/s{n}
    entrypoint: ["/srv/s{n}/bin/run", "--number", "{n}"]
    restart: unless-stopped
    user: shop
    environment:
      REDIS_HOST: redis
      REDIS_PORT: "6379"
      LOG_LEVEL: INFO
      NUMBER: "{n}"
      TZ: Europe/Oslo
    ports: ["127.0.0.1:{port}:8000"]
    volumes: ["./data/s{n}:/app/data/s{n}", "/srv/logs:/srv/logs:ro"]
    depends_on: [redis]
    healthcheck: {{test: ["CMD", "curl", "-f", "http://localhost:8000/health"], interval: 30s, timeout: 5s}}
    deploy: {{resources: {{limits: {{cpus: "0.5", memory: 256M}}}}}}
"""
DECLARED = """\
summary = "Service {n}"
state = "running"
user = "shop"
run = {{kind = "command", argv = ["/srv/s{n}/bin/run", "--number", "{n}"]}}
ports.http = {{listen = "127.0.0.1:{port}", health = {{path = "/health"}}}}
restart = {{restart = "always"}}
limits = {{memory_max = "256M", cpu_quota = "50%"}}
order = {{after = ["redis-server"], wants = ["redis-server"]}}
[env]
REDIS_HOST = "127.0.0.1"
REDIS_PORT = "6379"
LOG_LEVEL = "INFO"
NUMBER = "{n}"
TZ = "Europe/Oslo"
"""
RECORD = 'compose = "docker-compose.yml"\naddress = "127.0.0.1"\nreplaced = {"/app" = "/srv/small"}\n[services]\n'
FIRST = 10_000


def write_compose(count: int) -> str:
    services = (SERVICE.format(n=n, port=FIRST + n) for n in range(count))
    return "".join(("services:\n  redis: {image: redis}\n", *services))


def write_registry(count: int) -> dict[str, bytes]:
    mapped = (f's{n} = {{is = "mapped", to = ["s{n}"], why = "same"}}\n' for n in range(count))
    texts = {
        "fleet.toml": write_fleet("small", prefix="q-"),
        "hosts.toml": write_host(),
        "externals.toml": write_redis(),
        "legacy/a.toml": "".join((RECORD, 'redis = {is = "migrated", to = ["redis-server"], why = "apt"}\n', *mapped)),
    }
    texts |= {f"services/s{n}.toml": DECLARED.format(n=n, port=FIRST + n) for n in range(count)}
    return {path: text.encode() for path, text in texts.items()}


def compare(text: str, declared: Loaded) -> tuple[int, int]:
    """Settings, and findings."""
    project = load_project({"docker-compose.yml": text}, Setting(folder="/p", lenient=True))
    found = compare_projects((project,), declared, None)
    report = build_report(found.files, found.new, found.uncompared)
    return sum(each.settings for each in report.dimensions), report.totals.findings


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    text, declared = write_compose(COUNT), declare(write_registry(COUNT), read_templates(None), "box", None)
    be_quick()
    took = []
    for _ in range(rounds):
        gc.collect()
        began = process_time()
        settings, findings = compare(text, declared)
        took.append(process_time() - began)
    sys.stdout.write("| what | here | aim |\n|---|--:|--:|\n")
    sys.stdout.write(
        f"| parity of {COUNT} services ({settings} settings, {findings} findings), s | {min(took):.2f} | {AIM} |\n"
    )
    return 1 if min(took) > AIM else 0


if __name__ == "__main__":
    sys.exit(main())
