"""A new registry, as the command makes it: it holds together, renders, and systemd takes it; else nothing is there."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qtctl.adapters.files import locate_shipped, read_registry, read_templates, read_text
from qtctl.adapters.new_folders import write_new_folder
from qtctl.errors import InputError
from qtctl.flows.declare import declare
from qtctl.flows.init import make_registry
from qtctl.flows.schemas import read_meanings
from qtctl.lab import lab
from qtctl.scaffold.scaffold import Answers
from tests.live.box import Box, qtctl
from tests.machine import own_lab
from tests.render.test_verify import verify

ANSWERS = ("--name", "shop", "--host", "web-1", "--address", "192.0.2.10")
KINDS = pytest.mark.parametrize("more", [(), ("--redis",), ("--memory", "16G", "--cpus", "8", "--deploy-user", "root")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registry"


@KINDS
def test_what_it_makes_lints_renders_and_names_its_schemas(folder: Path, more: tuple[str, ...]) -> None:
    made = qtctl("init", str(folder), *ANSWERS, *more)
    assert made.code == 0, made.err
    linted = qtctl("lint", "--registry", str(folder), "--format", "json")
    assert (linted.code, linted.json()["errors"]) == (0, [])
    out = folder.parent / "out"
    assert qtctl("render", "--registry", str(folder), "--out", str(out)).code == 0
    assert (out / "etc/systemd/system/shop-hello.service").is_file()
    for path in folder.rglob("*.toml"):
        text = path.read_text()
        mark, _, schema = text.partition("\n")[0].partition(" ")
        assert mark == "#:schema"
        Draft202012Validator(json.loads((path.parent / schema).read_text())).validate(tomllib.loads(text))
    assert f"qtctl lint --registry {folder}" in made.out


@KINDS
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")
def test_systemd_takes_what_it_makes(folder: Path, more: tuple[str, ...]) -> None:
    assert qtctl("init", str(folder), *ANSWERS, *more).code == 0
    desired = declare(read_registry(folder), read_templates(None), "web-1", None).desired
    done = verify(folder.parent / "root", desired)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_schemas_in_it_are_those_that_qtctl_prints(folder: Path) -> None:
    assert qtctl("init", str(folder), *ANSWERS).code == 0
    schemas = sorted((folder / "schemas").iterdir())
    assert len(schemas) > 5
    for path in schemas:
        assert qtctl("schema", path.stem).out == path.read_text()


def test_what_is_commented_out_holds_too(folder: Path) -> None:
    """The lines that a reader is to take the `#` off."""
    assert qtctl("init", str(folder), *ANSWERS, "--redis").code == 0
    for path in folder.rglob("*.toml"):
        lines = path.read_text().splitlines()
        keys = [
            line.removeprefix("# ") if line.startswith("# ") and ("=" in line or "[" in line) else line
            for line in lines
        ]
        path.write_text("\n".join(line for line in keys if "starts and stops" not in line))
    linted = qtctl("lint", "--registry", str(folder))
    assert linted.code == 0, linted.err


BAD = (
    ("--name", "Shop"),
    ("--name", "a b"),
    ("--name", ""),
    ("--host", "-web"),
    ("--host", 'web"1'),
    ("--address", "host name"),
    ("--address", "x\ny"),
    ("--audit-user", "shop"),
    ("--audit-user", "root"),
    ("--deploy-user", "Ops"),
    ("--memory", "4X"),
    ("--cpus", "0"),
)


@pytest.mark.parametrize(("option", "value"), BAD)
def test_a_bad_answer_leaves_nothing(folder: Path, option: str, value: str) -> None:
    given = dict(zip(ANSWERS[::2], ANSWERS[1::2], strict=True)) | {option: value}
    ran = qtctl("init", str(folder), *(f"{name}={each}" for name, each in given.items()))
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert option in ran.err
    assert list(folder.parent.iterdir()) == []


def test_a_folder_that_has_something_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine").write_text("kept")
    ran = qtctl("init", str(folder), *ANSWERS)
    assert (ran.code, "is not empty" in ran.err) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert [path.name for path in folder.parent.iterdir()] == ["registry"]


def test_an_empty_folder_is_taken(folder: Path) -> None:
    folder.mkdir()
    assert qtctl("init", str(folder), *ANSWERS).code == 0
    assert qtctl("lint", "--registry", str(folder)).code == 0


def test_a_write_that_fails_leaves_nothing(folder: Path) -> None:
    """A file where a folder is to be: the third of four files cannot be written."""
    with pytest.raises(InputError):
        write_new_folder(folder, {"a.toml": b"", "b": b"", "b/c": b"", "d": b""})
    assert list(folder.parent.iterdir()) == []


def test_every_kind_of_answer_gives_one_registry() -> None:
    answers = Answers("shop", "web-1", "192.0.2.10", "auditor", "ops", redis=True)
    meant = read_meanings(read_text(locate_shipped("keys.toml")))
    assert make_registry(answers, meant, read_templates(None)) == make_registry(answers, meant, read_templates(None))


@pytest.mark.lab
@pytest.mark.parametrize("more", [("--redis",), ("--deploy-user", "root")])
def test_it_boots_deploys_and_audits_clean(folder: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    assert qtctl("init", str(folder), *ANSWERS, *more).code == 0
    with own_lab(tmp_path / "lab"):
        try:
            up = qtctl("lab", "up", "--registry", str(folder))
            assert up.code == 0, up.err
            deployed = qtctl("deploy", "--host", "lab1", "--registry", str(folder), "--yes")
            assert deployed.code == 0, deployed.out + deployed.err
            audited = Box("lab1").audit("--registry", str(folder))
            assert audited.code == 0, audited.out + audited.err
        finally:
            lab.down(["lab1"])
