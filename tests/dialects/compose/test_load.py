from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.compose.load import Setting, load, load_project
from qtctl.dialects.compose.types import PortKind
from qtctl.errors import InputError

from .cases_bad import CASES

REAL = Path(__file__).parents[4] / "shared/data/compose-2026-01-15"

WHOLE = """\
x-common: &common
  restart: unless-stopped
  profiles: [dev, live]
services:
  api:
    <<: *common
    build: {context: ., dockerfile: api/Dockerfile}
    container_name: quantum_api
    entrypoint: []
    command: python -m "my api" --key hunter2
    restart: always
    env_file: .env
    environment: {TOKEN: hunter2, EMPTY: }
    ports:
      - 22:22
      - {target: 8000, published: "8001-8001", host_ip: 127.0.0.1, mode: host}
      - target: 9000
    depends_on:
      db: {condition: service_healthy}
      cache: {condition: service_started}
    volumes:
      - data:/data
      - ./code:/app:ro
      - /anonymous
      - ${DIR:-/srv}:/srv:rw,z
      - {type: bind, source: /a, target: /b, read_only: true}
    healthcheck: {test: curl localhost}
    deploy: {resources: {limits: {cpus: 0.5, memory: 512M}}}
    network_mode: host
  db:
    image: &image postgres:16
    environment: [PGPASSWORD=hunter2, PGUSER]
    env_file: [a.env, {path: b.env}]
    depends_on: [cache]
    healthcheck: {test: [NONE]}
    mem_limit: 1g
  cache:
    image: *image
    healthcheck: {test: x, disable: true}
    ports: !reset null
"""


def test_every_port_has_its_line() -> None:
    api, db, cache = load(WHOLE, "compose.yml").services
    assert (api.name, api.line, db.line, cache.ports) == ("api", 5, 30, ())
    assert [(p.kind, p.published, p.target, p.host_ip, p.line) for p in api.ports] == [
        (PortKind.FIXED, 22, 22, "", 15),
        (PortKind.FIXED, 8001, 8000, "127.0.0.1", 16),
        (PortKind.CHOSEN, None, 9000, "", 17),
    ]


def test_each_attribute_has_the_line_of_the_file_that_says_it() -> None:
    files = {
        "a.yml": "services:\n  s:\n    image: x\n    user: a\n    ports:\n      - 1:1\n",
        "b.yml": "services:\n  s:\n    user: b\n    ports: [2:2]\n",
    }
    project = load_project(files, Setting())
    service = project.list_services()["s"]
    assert [str(service.line_of(key)) for key in ("image", "user")] == ["a.yml:3", "b.yml:3"]
    assert [str(port.short.place) for port in service["ports"]] == ["a.yml:6", "b.yml:4"]


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_compose_file_says_where_and_why_all_at_once(name: str) -> None:
    text, expected = CASES[name]
    with pytest.raises(InputError) as raised:
        load(text, "f.yml")
    assert str(raised.value).splitlines() == expected
    assert "hunter2" not in str(raised.value)


@given(st.text(alphabet="services:ab\n -[]{}&*!<'\"#\t\\x0", max_size=80))
def test_any_text_is_a_compose_file_or_an_input_error(text: str) -> None:
    try:
        load("services:\n  a:\n    ports: " + text, "f.yml")
    except InputError as error:
        assert str(error).startswith("f.yml")  # noqa: PT017 - both ends are fine, neither is required


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the fleet's own compose files are not at {REAL}")
@pytest.mark.parametrize(
    ("file", "services", "ports"), [("docker-compose.yml", 27, 13), ("docker-compose.vps.yml", 29, 10)]
)
def test_the_fleets_own_files(file: str, services: int, ports: int) -> None:
    compose = load((REAL / file).read_text(), file)
    assert len(compose.services) == services
    published = [port for service in compose.services for port in service.ports]
    assert (len(published), {port.kind for port in published}) == (ports, {PortKind.FIXED})
