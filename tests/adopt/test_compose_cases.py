"""What is adopted of each project on which qtctl and Compose are compared: all of it, and nothing breaks."""

from pathlib import Path

import pytest

from qtctl.adapters.compose_files import read_named, read_texts
from qtctl.adopt.adoption import Fate
from qtctl.adopt.compose_reading import list_attributes
from qtctl.dialects.compose.load import Setting, load_project
from qtctl.errors import InputError
from qtctl.flows.adopt_compose import adopt_compose
from tests.adopt.small import into
from tests.dialects.compose.cases_oracle import CASES


@pytest.mark.parametrize("name", CASES)
def test_each_attribute_has_a_fate(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    for file, text in case.files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    setting = Setting(str(tmp_path), "/", case.environment, lenient=True, profiles=case.profiles)
    try:
        project = load_project(read_texts([tmp_path / file for file in case.named]), setting, read_named)
        done = adopt_compose([project], into())
    except InputError:
        return  # Compose refuses it too: tests/dialects/compose/test_oracle.py
    fates = {line.what: line.fate for file in done.adoption.files for line in file.lines}
    said = {
        f"services.{service}.{attribute}"
        for service, table in project.list_services().items()
        for key in table.lines
        for attribute in list_attributes(key, table[key])
    }
    assert said <= set(fates)
    assert done.adoption.share < 1 or Fate.REPORTED not in fates.values()


def test_what_is_reset_is_not_there() -> None:
    text = """
services:
  a: {image: x, command: [/b], volumes: [/a:/a]}
  c: {extends: a, command: !reset null, volumes: !reset []}
"""
    project = load_project({"compose.yml": text}, Setting(lenient=True))
    assert set(project.list_services()["c"].lines) == {"image"}


def test_what_compose_does_not_start_is_not_expected_to_run() -> None:
    text = "services: {a: {image: x, profiles: [debug]}, b: {image: x, scale: 0}, c: {image: x}}\n"
    done = adopt_compose([load_project({"compose.yml": text}, Setting(lenient=True))], into())
    externals = done.files["externals.toml"].decode()
    assert externals.count('state = "stopped"\nenabled = false\nwhy = "') == 2
    assert {unit.unit: unit.state for unit in done.adoption.units} == {
        "a.service": "stopped", "b.service": "stopped", "c.service": "running",
    }  # fmt: skip
