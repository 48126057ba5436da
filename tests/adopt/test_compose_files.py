"""Compose files on this machine: what is beside them, what they name, and what they may not name."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from qtctl.cli.compose_projects import load_projects
from qtctl.dialects.compose.load import Project
from qtctl.errors import InputError
from qtctl.flows.adopt_compose import adopt_compose
from tests.adopt.small import into

DOTENV = "WEB_PORT=9000\nMODE=prod\nREGION=eu-1\n"
WEB = """\
services:
  web:
    image: x
    entrypoint: [/usr/bin/python3, /srv/web.py]
    environment: {MODE: "${MODE:-dev}", REGION: "${REGION}"}
    ports: ["${WEB_PORT:-8123}:80"]
  debug: {image: x, entrypoint: [/bin/d], profiles: [debug]}
"""
NONE = InputError("none")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run: without variables left by other tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("WEB_PORT", "MODE", "REGION", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def loaded(text: str, *, env_files: tuple[Path, ...] = (), profiles: tuple[str, ...] = ()) -> Project:
    path = Path("p/compose.yml")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    (found,) = load_projects([path], (), env_files, profiles, missing=NONE)
    return found


def service(found: Project, name: str = "web") -> dict[str, Any]:
    done = adopt_compose([found], into())
    return tomllib.loads(done.files[f"services/{name}.toml"].decode())


def test_values_come_from_dotenv_beside_the_file() -> None:
    Path("p").mkdir()
    Path("p/.env").write_text(DOTENV)
    Path(".env").write_text("MODE=of-the-folder-it-is-run-in\n")
    found = service(loaded(WEB))
    assert (found["env"], list(found["ports"])) == ({"MODE": "prod", "REGION": "eu-1"}, ["p9000"])


def test_the_shell_goes_before_dotenv_and_another_file_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("p").mkdir()
    Path("p/.env").write_text(DOTENV)
    Path("other.env").write_text("MODE=other\nREGION=r\n")
    monkeypatch.setenv("REGION", "shell")
    found = service(loaded(WEB, env_files=(Path("other.env"),)))
    assert (found["env"], list(found["ports"])) == ({"MODE": "other", "REGION": "shell"}, ["p8123"])


def test_profiles_and_files_that_are_merged() -> None:
    assert service(loaded(WEB), "debug")["state"] == "stopped"
    assert service(loaded(WEB, profiles=("debug",)), "debug")["state"] == "running"
    over = Path("over.yml")
    over.write_text("services: {web: {user: other, ports: !override ['1:1']}}\n")
    (found,) = load_projects((), [Path("p/compose.yml"), over], (), (), missing=NONE)
    assert (service(found)["user"], list(service(found)["ports"])) == ("other", ["p1"])


def test_a_folder_is_its_compose_file_with_what_overrides_it() -> None:
    loaded(WEB)
    Path("p/compose.override.yml").write_text("services: {web: {user: other}}\n")
    (found,) = load_projects([Path("p")], (), (), (), missing=NONE)
    assert service(found)["user"] == "other"


def test_no_project_is_the_callers_error() -> None:
    with pytest.raises(InputError, match="none"):
        load_projects((), (), (), (), missing=NONE)


BASE = "services:\n  a:\n    image: x\n"
CHAIN = "services:\n" + "".join(f"  a{n}: {{image: x, extends: a{n + 1}}}\n" for n in range(40)) + "  a40: {image: x}\n"
LAUGHS = "A0=aaaaaaaaaa\n" + "".join(f"A{n + 1}=" + f"${{A{n}}}" * 10 + "\n" for n in range(9))


@pytest.mark.parametrize("remote", ["https://h/c.yml", "git@h:x.git", "oci://h/x", "ssh://h/x", "github.com/x/y"])
@pytest.mark.parametrize("text", ["include: ['{}']\n" + BASE, BASE + "    extends: {{file: '{}', service: b}}\n"])
def test_nothing_is_fetched(text: str, remote: str) -> None:
    with pytest.raises(InputError, match="qtctl fetches nothing"):
        loaded(text.format(remote))


@pytest.mark.parametrize("name", ["/dev/zero", "/proc/self/mem", "pipe"])
def test_what_is_named_is_a_regular_file(name: str) -> None:
    os.mkfifo("pipe")
    path = Path(name).absolute()
    for text in (f"include: ['{path}']\n{BASE}", f"{BASE}    env_file: '{path}'\n"):
        with pytest.raises(InputError):
            loaded(text)


def test_an_error_of_an_env_file_shows_none_of_it() -> None:
    Path("shadow").write_text("root:$y$hunter2hunter:1\nan?odd:line\n")
    with pytest.raises(InputError) as raised:
        loaded(f"{BASE}    env_file: '{Path('shadow').absolute()}'\n")
    assert "hunter2" not in str(raised.value)
    assert "shadow:2" in str(raised.value)


def test_values_do_not_grow_without_end() -> None:
    Path("p").mkdir()
    Path("p/.env").write_text(LAUGHS)
    with pytest.raises(InputError, match=r"\.env:[0-9]+: a value becomes longer than"):
        loaded(BASE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BASE + "    command: " + "${A:-" * 40 + "}" * 40 + "\n", "nested deeper than 32"),
        (CHAIN, "leads back to itself, or through more than 32"),
        ("include: [compose.yml]\n" + BASE, "leads back to itself"),
        ("include: [many.yml]\n" + BASE, "more than 200 files"),
    ],
)  # fmt: skip
def test_what_leads_on_and_on_ends(text: str, says: str) -> None:
    Path("p").mkdir()
    Path("p/empty.yml").write_text("services: {}\n")
    Path("p/many.yml").write_text("include: [" + ", ".join(["empty.yml"] * 300) + "]\n")
    with pytest.raises(InputError, match=says):
        loaded(text)


def test_each_line_of_the_account_is_one_of_the_file_that_says_it(folder: Path) -> None:
    """Included, extended and merged files: where the account says line 9, that file has that attribute in line 9."""
    texts = {
        "p/compose.yml": "include: [more/in.yml]\nservices:\n  a:\n    extends: {file: base.yml, service: b}\n"
        "    init: true\n",
        "p/more/in.yml": "# one\n\n\nservices:\n  in:\n    image: y\n    entrypoint: /i\n    gpus: all\n"
        "    privileged: true\n",
        "p/base.yml": "# base\nservices:\n  b:\n\n    image: z\n    entrypoint: /b\n    gpus: all\n"
        "    healthcheck: {test: x}\n",
        "p/over.yml": "services:\n\n\n\n\n\n\n\n\n\n  a:\n    privileged: true\nnetworks:\n  out: {}\n",
    }
    for path, text in texts.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    (found,) = load_projects([], [Path("p/compose.yml"), Path("p/over.yml")], (), (), missing=NONE)
    adoption = adopt_compose([found], into()).adoption
    lines = [(file.path, each) for file in adoption.files for each in file.lines]
    assert {Path(path).name for path, _ in lines} == {Path(path).name for path in texts}
    for path, each in lines:
        key = each.what.split(".")[2] if each.what.startswith("services.") else each.what
        text = (folder / path).read_text().split("\n")[each.line - 1]
        assert key.partition(".")[0].partition("[")[0] in text, (path, each)
