"""What is generated is checked in, and says something of everything."""

import json
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from qtctl.cli.exits import MEANING, Exit
from qtctl.flows.schemas import find_meaning
from qtctl.model.vocabulary import read_said
from tests.docs import cli, keys
from tests.docs.completion import write_completions
from tests.docs.generate import DOCS, generated
from tests.docs.pages import ROOT

REGISTRY = ROOT / "registry"
HINT = "run: python -m tests.docs.generate"
COMPLETIONS = sorted(write_completions())
SCHEMAS = sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "schemas").rglob("*.json"))


PAGES = ("api.md", "cli.md", "findings.md", "matrix.md", "registry.md", "schemas/README.md", "ssh.md")


@pytest.mark.parametrize("name", [*PAGES, "qtctl.1", *COMPLETIONS, *SCHEMAS])
def test_what_is_generated_is_checked_in(name: str) -> None:
    assert (DOCS / name).read_text() == generated()[name], HINT


def test_no_schema_is_missing_or_left_over() -> None:
    assert set(SCHEMAS) == {name for name in generated() if name.startswith("schemas/") and name.endswith(".json")}, (
        HINT
    )


def test_every_key_of_every_table_has_a_meaning() -> None:
    for name, kind in keys.models().items():
        for key, field in keys.keys_of(kind).items():
            assert find_meaning(keys.KEYS, name, key, read_said(field)[0]), (name, key)


def test_no_meaning_is_of_a_key_that_is_gone() -> None:
    for name, meanings in keys.KEYS.items():
        assert set(meanings) <= set(keys.keys_of(keys.models()[name])), name


def test_every_table_of_the_registry_is_in_its_page() -> None:
    assert keys.tabled((DOCS / "registry.md").read_text()) == set(keys.models())


def test_every_command_says_how_it_exits() -> None:
    assert set(cli.OF_COMMAND) == cli.commands()


def test_exit_codes_of_the_first_commands_are_those_of_all() -> None:
    page = (DOCS / "use.md").read_text()
    assert re.findall(r"^\| ([0-9]+) \| (.+) \|$", page, re.MULTILINE) == [
        (str(code.value), MEANING[code]) for code in Exit
    ]


def schema_of(text: str) -> tuple[str, dict[str, Any]]:
    """The schema that a registry file names in its first line."""
    mark, _, path = text.partition("\n")[0].partition(" ")
    assert mark == "#:schema", "the first line names the schema"
    return path, json.loads((DOCS / "schemas" / "registry" / path.rpartition("/")[2]).read_text())


@pytest.mark.parametrize("name", sorted(path.relative_to(REGISTRY).as_posix() for path in REGISTRY.rglob("*.toml")))
def test_each_registry_file_names_its_schema_and_follows_it(name: str) -> None:
    file = REGISTRY / name
    text = file.read_text()
    path, schema = schema_of(text)
    assert (file.parent / path).resolve().is_relative_to(DOCS / "schemas" / "registry")
    assert (file.parent / path).is_file()
    Draft202012Validator(schema).validate(tomllib.loads(text))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(generated()[name]))


BAD: tuple[tuple[str, Any], ...] = (
    ("policy", {"fail": "error"}),
    ("policy", {"severities": {"QT201": "loud"}}),
    ("service", {"summary": "x", "state": "runing"}),
    ("service", {"summary": "x", "state": "running", "env": {"A": 5}}),
    ("service", {"summary": "x", "state": "running", "env": {"A-B": "c"}}),
    ("service", {"summary": "x", "state": "running", "ports": {"http": {"listen": "8000"}}}),
    ("venvs", {"a b": {"path": "/x"}}),
    ("venvs", {"a": {"path": "x"}}),
    ("streams", {"s": {"type": "strem"}}),
    ("hosts", {"h": {"address": "a"}}),
    ("hosts", {"*": {"address": "a"}}),
    ("hosts", {"@web": {"memory": 5}, "h": {"address": "a"}}),
)


@pytest.mark.parametrize(("name", "document"), BAD)
def test_schemas_refuse_what_the_loader_refuses(name: str, document: Any) -> None:
    schema = json.loads(generated()[f"schemas/registry/{name}.json"])
    assert list(Draft202012Validator(schema).iter_errors(document))


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed: it formats the manual page")
def test_the_manual_page_is_one() -> None:
    """groff, as `man` runs it, with all its warnings; every command is there as it is typed."""
    page = DOCS / "qtctl.1"
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-c", str(page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    shown = re.sub(".\b", "", done.stdout)
    for name in cli.commands():
        assert f"qtctl {name}" in shown
    assert "--registry DIR" in shown
