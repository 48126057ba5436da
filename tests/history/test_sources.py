"""Compose projects and hand-written module registries as one side of a comparison."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtctl.dialects.compose.load import Setting, load_project, make_compose
from qtctl.errors import InputError
from qtctl.history.compare import compare, find_silent
from qtctl.history.compose_rows import read_compose
from qtctl.history.evolve import Source, evolve
from qtctl.history.module_rows import read_modules
from qtctl.model.snapshot import Inventory, RowKind
from qtctl.reports.evolution import build_report, make_schema, to_json
from qtctl.reports.trend_svg import draw
from tests.history.year import short

COMPOSE = """\
services:
  ai-engine:
    image: small/ai:1
    restart: unless-stopped
    mem_limit: 1g
    ports: ["127.0.0.1:8001:8000"]
  risk_safety:
    image: small/risk:1
    ports: ["8005:8005", "8005:8005/udp"]
    deploy: {resources: {limits: {cpus: "0.5", memory: 512m}}}
  position:
    image: small/pos:1
    ports: ["127.0.0.1:8006:8006"]
  celery:
    image: small/celery:1
"""
WRITTEN = {
    "generated_at": "2026-01-17T07:25:00Z",
    "host": "203.0.113.10",
    "modules": [
        {
            "name": "quantum-ai-engine", "unit": "quantum-ai-engine.service", "category": "RUNNING",
            "systemd": {"loaded": "loaded", "active": "active", "enabled": True},
            "execution": {"user": "qt", "exec": "/opt/venvs/ai/bin/python -m uvicorn ai:app"},
            "runtime": {"venv": "ai", "port": 8001, "redis_streams": ["market.tick"]},
        },
        {"unit": "quantum-risk-safety.service", "category": "FAILED", "runtime": {"port": "8005", "redis_streams": 0}},
        {"name": "quantum-position", "category": "RUNNING", "runtime": {"port": 8005}},
    ],
}  # fmt: skip


def compose() -> Inventory:
    project = load_project({"docker-compose.yml": COMPOSE}, Setting(lenient=True))
    return read_compose(make_compose(project), project.values)


def written(**changes: Any) -> Inventory:
    return read_modules({**WRITTEN, **changes}, "modules.json")


def test_a_compose_project() -> None:
    found = compose()
    assert found.of(RowKind.SERVICE)["ai-engine"] == {
        "runs_in": "docker", "image": "small/ai:1", "restart": "unless-stopped",
    }  # fmt: skip
    assert found.of(RowKind.PORT)["8005/udp"] == {"service": "risk_safety", "address": "0.0.0.0"}  # noqa: S104
    assert {name: row["value"] for name, row in found.of(RowKind.LIMIT).items()} == {
        "ai-engine MemoryMax": "1G", "ai-engine Restart": "always",
        "risk_safety MemoryMax": "512M", "risk_safety CPUQuota": "50%",
    }  # fmt: skip


def test_a_registry_that_a_person_wrote() -> None:
    found = written()
    services = found.of(RowKind.SERVICE)
    assert sorted(services) == ["quantum-ai-engine", "quantum-position", "quantum-risk-safety"]
    assert services["quantum-ai-engine"] == {
        "state": "running", "file": "enabled", "user": "qt", "program": "/opt/venvs/ai/bin/python", "venv": "ai",
        "runs_in": "systemd",
    }  # fmt: skip
    assert found.of(RowKind.PORT)["8005/tcp"] == {"service": "quantum-position, quantum-risk-safety"}
    assert [*found.of(RowKind.STREAM)] == ["market.tick"]
    assert found.covers == {RowKind.SERVICE, RowKind.PORT, RowKind.STREAM, RowKind.VENV}


def test_from_containers_to_systemd() -> None:
    """What moved out of a container is the same service: its name has a prefix now, or is spelled otherwise."""
    changes = compare(compose(), written())
    assert sorted(map(short, changes)) == sorted([
        "~ service ai-engine → quantum-ai-engine", "~ service risk_safety → quantum-risk-safety",
        "~ service position → quantum-position", "- service celery", "~ port 8005/tcp",
        "- port 8005/udp", "- port 8006/tcp",
    ])  # fmt: skip
    assert find_silent(compose(), written()) == (RowKind.STREAM, RowKind.LIMIT, RowKind.VENV)


def test_json_of_what_became_of_a_compose_project() -> None:
    found = evolve([Source("docker-compose.yml", compose()), Source("modules.json", written())])
    document = json.loads(to_json(build_report(found)))
    Draft202012Validator(make_schema()).validate(document)
    assert len(document["changes"]) == len(found.whole.changes)
    assert any(field["before"] for change in document["changes"] for field in change["fields"])


def test_what_the_registry_says_of_a_service_goes_before_its_name() -> None:
    changes = compare(compose(), written(), {"celery": ("quantum-position",)})
    assert "~ service celery → quantum-position" in map(short, changes)
    assert "- service position" in map(short, changes)


def test_a_compose_file_does_not_say_what_runs() -> None:
    points = evolve([Source("docker-compose.yml", compose()), Source("modules.json", written())]).points
    assert [each.count_services("running") for each in points] == [None, 2]
    assert [each.count_services("failed", "auto_restart") for each in points] == [None, 1]
    services, ports, one_side = 2, 2, 5
    assert draw(points, "both").count("<circle") == services + ports + one_side


def test_nothing_is_guessed_between_two() -> None:
    two = {**WRITTEN, "modules": [{"name": "a-position"}, {"name": "b-position"}]}
    changes = map(short, compare(compose(), read_modules(two, "f")))
    assert {"- service position", "+ service a-position", "+ service b-position"} <= set(changes)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "not a module registry"),
        ({}, "not a module registry"),
        ({"modules": {}}, "not a module registry"),
        ({"modules": ["text"]}, r"modules\.0 has no name"),
        ({"modules": [{"name": "a"}, {"unit": "a.service"}]}, r"modules\.1: a occurs twice"),
        ({"modules": [{"name": "a"}] * 20_001}, "20001 modules, and at most 20000 are read"),
    ],
)
def test_what_is_no_module_registry(document: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_modules(document, "modules.json")
    assert str(caught.value).startswith("modules.json: ")


def test_whatever_stands_in_one_is_no_traceback() -> None:
    odd: list[Any] = [None, True, 1, 1.5, "x", [], {}, [[]], {"a": {}}]
    for value in odd:
        for key in ("systemd", "execution", "runtime", "code", "category", "unit"):
            read_modules({"modules": [{"name": "a", key: value}]}, "f")
        for key in ("port", "redis_streams", "venv"):
            read_modules({"modules": [{"name": "a", "runtime": {key: value}}]}, "f")
        for key in ("ports", "streams", "keys", "venvs", "targets", "timers", "units", "infrastructure", "stray_ports"):
            json.dumps(read_modules({"schema_version": 1, "modules": [], key: value}, "f").rows)
