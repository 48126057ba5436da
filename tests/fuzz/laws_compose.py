"""Laws of compose files, and of the parity report that is made of them."""

import json
from contextlib import suppress

from qtctl.dialects.compose.dotenv import read_dotenv
from qtctl.dialects.compose.interpolation import MAX_TEXT, Variables, Wrong, substitute
from qtctl.dialects.compose.load import Setting, load, load_project, make_canonical
from qtctl.dialects.compose.shell import split
from qtctl.dialects.compose.short_forms import MAX_PORT, read_volume
from qtctl.dialects.compose.types import Compose
from qtctl.errors import InputError
from qtctl.formats.markdown import write_markdown
from qtctl.model.facts import Facts
from qtctl.parity.compare import compare, find_legacy
from qtctl.reports.parity import build_report, to_json
from qtctl.reports.parity_page import build_page
from tests.cli.world import COMPOSE
from tests.dialects.compose import cases_bad, cases_ports, test_load
from tests.fuzz.evidence import declared, taken
from tests.fuzz.target import Target, lines, placed, said

FILE = "docker-compose.yml"
COMPARED = 20_000


def composes(data: bytes) -> None:
    """Services with lines that are there, or errors with a place."""
    text = said(data)
    _parts(text)
    try:
        compose = load(text, FILE)
    except InputError as error:
        placed(error, {FILE: _as_yaml_counts(text)})
        return
    total = lines(_as_yaml_counts(text))
    names = [service.name for service in compose.services]
    assert names
    assert len(set(names)) == len(names)
    for service in compose.services:
        assert 1 <= service.line <= total
        assert all(1 <= port.line <= total for port in service.ports)
        assert all(port.published is None or 1 <= port.published <= MAX_PORT for port in service.ports)


def _as_yaml_counts(text: str) -> str:
    """Every line end of YAML as LF."""
    for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    return text


def _parts(text: str) -> None:
    """What a text may be in a compose file or beside it: values, or errors that name lines."""
    outside = {"A": "a", "B": ""}
    with suppress(Wrong):
        assert len(substitute(text, Variables(outside))) <= len(text) + MAX_TEXT
    found = split(text)
    assert found is None or (text.endswith(found[1]) and sum(map(len, found[0])) <= len(text))
    with suppress(Wrong):
        assert read_volume(text)["target"]
    try:
        assert all(isinstance(value, str) for value in read_dotenv(text, ".env", outside.get).values())
    except InputError as error:
        placed(error, {".env": text})
    with suppress(InputError):
        assert json.dumps(make_canonical(load_project({FILE: text}, Setting(environment=outside))))


def parities(data: bytes) -> None:
    """Every service has a row in a report that adds up, with evidence and without."""
    try:
        compose: Compose = load(said(data), FILE)
    except InputError:
        return
    known, facts = declared(), Facts.of(taken())
    for with_facts in (None, facts):
        report = compare(compose, find_legacy(known.registry.legacy, compose.file), known.desired, with_facts)
        assert [row.service for row in report.rows] == [service.name for service in compose.services]
        assert json.loads(to_json((report,)))
        assert write_markdown(build_page(build_report((report,))))


def seeds() -> list[bytes]:
    bad = [text for text, _ in cases_bad.CASES.values()]
    ports = [f"services:\n  api:\n    ports: [{json.dumps(text)}]\n" for text in cases_ports.CASES]
    texts = [COMPOSE, test_load.WHOLE, *bad, *ports]
    return [text.encode("utf-8", "replace") for text in texts if len(text) < 10_000]


TOKENS = (
    "services:", "\n", "\n  ", "\n    ", "\n      - ", ": ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "<<: ",
    "<<: *a",
    "!reset ", "!override ", "!!str ", "!!binary ", "!<x> ", "%YAML 1.1\n", "---\n", "...\n", "? ", "|\n", ">-\n", '"',
    "'", "\\", "\\x", "\\u0000", "\\U0011FFFF", "#", "~", "null", "\t", "\r\n", "\x85", "\u2028", "\0", "\ufeff",
    "image: ", "build: ", "command: ", "entrypoint: ", "ports: ", "environment: ", "env_file: ", "depends_on: ",
    "condition: ", "volumes: ", "restart: ", "healthcheck: ", "test: ", "disable: ", "profiles: ", "deploy: ",
    "resources: ", "limits: ", "cpus: ", "memory: ", "network_mode: ", "extends: ", "include: ", "target: ",
    "published: ",
    "host_ip: ", "protocol: ", "1-65535:1-65535", "8000:80/tcp", "[::1]:80:80", "${A:-1}", "${A", "$", "0", "9" * 5000,
    "x: ", "a",
)  # fmt: skip

COMPOSE_FILE = Target("compose", composes, seeds, TOKENS)
PARITY = Target("parity", parities, seeds, TOKENS)
