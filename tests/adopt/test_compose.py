"""Compose files → a first registry."""

import tomllib
from typing import Any

import pytest

from qtctl.errors import InputError
from qtctl.flows.adopt import Adopted
from qtctl.flows.adopt_compose import adopt_compose
from qtctl.reports.adopt import build, to_json
from tests.adopt.small import into

COMPOSE = """\
services:
  redis:
    image: redis:7-alpine
    ports: ["127.0.0.1:6379:6379"]
  api:
    build: .
    command: uvicorn shop.api:app --port 8000
    ports: ["8000:8000", "8001-8002:9001-9002"]
    environment:
      LEVEL: info
      BANNER: "5 $$ off"
      MODE: ${MODE:-live}
      API_KEY: hunter2hunter
      TOKEN: ${TOKEN}
    depends_on:
      redis: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      web: {condition: service_started}
    restart: unless-stopped
    mem_limit: 512m
    cpus: "1.5"
    volumes: ["./data:/data:ro"]
    healthcheck: {test: [CMD, "true"]}
  migrate:
    build: .
    entrypoint: [/app/migrate]
    command: [--now, "a b"]
    environment: [LEVEL=debug, PLAIN]
    restart: on-failure:3
  web:
    build: ./web
    ports: ["8000:80"]
"""
MORE = "services:\n  api:\n    image: x\n  jobs:\n    image: x\n    command: --all\n"


def adopted(*texts: str) -> Adopted:
    return adopt_compose({f"{number}/docker-compose.yml": text for number, text in enumerate(texts)}, into())


def documents(found: Adopted) -> dict[str, dict[str, Any]]:
    return {path: tomllib.loads(text.decode()) for path, text in found.files.items() if path.endswith(".toml")}


def test_what_a_service_says() -> None:
    found = documents(adopted(COMPOSE))
    api = found["services/api.toml"]
    assert api["run"] == {"kind": "exec", "lines": ["uvicorn shop.api:app --port 8000"]}
    assert api["env"] == {"LEVEL": "info", "BANNER": "5 $ off", "MODE": "live"}
    assert api["secrets"] == {"env_file": "/etc/shop/api.secret.env", "keys": ["API_KEY", "TOKEN"]}
    assert api["limits"] == {"memory_max": "512M", "cpu_quota": "150%"}
    assert api["restart"] == {"restart": "always"}
    assert api["order"] == {"after": ["redis", "migrate"], "wants": ["redis"], "requires": ["migrate"]}
    assert {port["listen"] for port in api["ports"].values()} == {"0.0.0.0:8000", "0.0.0.0:8001", "0.0.0.0:8002"}
    for line in ("Volume: ./data at /data (ro)", "Had a healthcheck of its own.", "Depends on web"):
        assert line in api["notes"].splitlines()
    migrate = found["services/migrate.toml"]
    assert migrate["run"] == {"kind": "command", "argv": ["/app/migrate", "--now", "a b"]}
    assert migrate["restart"] == {"restart": "on-failure", "start_limit_burst": 3}
    assert migrate["env"] == {"LEVEL": "debug"}
    assert migrate["secrets"]["keys"] == ["PLAIN"]


def test_what_has_no_command_here() -> None:
    found = documents(adopted(COMPOSE))
    assert found["externals.toml"]["redis"]["ports"]["p6379"]["listen"] == "127.0.0.1:6379"
    assert found["services/web.toml"]["state"] == "retired"
    assert "ports" not in found["services/web.toml"]
    judgments = adopted(COMPOSE).adoption.judgments
    assert {each.id for each in judgments if each.subject == "web"} == {"QT101", ""}
    assert any("web" in each for each in adopted(COMPOSE).adoption.to_do)


def test_each_service_has_its_disposition() -> None:
    found = documents(adopted(COMPOSE, MORE))
    first, second = sorted(path for path in found if path.startswith("legacy/"))
    services = {**found[first]["services"], **found[second]["services"]}
    assert set(services) == {"redis", "api", "migrate", "web", "jobs"}
    assert {each["is"] for each in services.values()} == {"mapped"}
    assert found["legacy/docker-compose.toml"]["services"]["api"]["ports"]["8000"] == "8000"
    assert found["externals.toml"].keys() == {"redis", "jobs"}


def test_no_secret_is_in_anything() -> None:
    done = adopted(COMPOSE)
    texts = [*(text.decode() for text in done.files.values()), to_json(build(done.adoption, "out"))]
    assert not any("hunter2hunter" in text for text in texts)
    assert "QT109" in {each.id for each in done.adoption.judgments}


def test_a_broken_file_is_an_error() -> None:
    with pytest.raises(InputError, match="docker-compose"):
        adopted("services: 5")


@pytest.mark.parametrize(
    ("program", "plain"),
    [("/opt/../srv/./run", "/srv/run"), ("/../../x", "/x"), ("../../bin/run", "bin/run"), ("./run", "./run")],
)
def test_a_program_is_named_by_its_plain_path(program: str, plain: str) -> None:
    found = documents(adopted(f'services:\n  "../../x":\n    image: x\n    command: ["{program}"]\n'))
    (path,) = (path for path in found if path.startswith("services/"))
    run = found[path]["run"]
    assert [*run.get("argv", run.get("lines"))] == [plain]
    assert "/" not in path.removeprefix("services/")
