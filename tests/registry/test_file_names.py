"""What was meant to be a file of a registry and is named otherwise is one error, with the name that was meant."""

from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.errors import InputError, InputErrors
from qtctl.registry.file_names import FILES
from qtctl.registry.load import TABLES, load
from tests.builders.registry import SMALL

MEANT = {
    "services/x.tml": "services/x.toml", "services/x.TOML": "services/x.toml", "services/x.yaml": "services/x.toml",
    "services/x": "services/x.toml", "services/x.toml.txt": "services/x.toml", "services/x.json": "services/x.toml",
    "hosts.yaml": "hosts.toml", "timmers.tml": "timers.toml", "venvs": "venvs.toml", "policy.toml.txt": "policy.toml",
    "servces/": "services/", "Services/": "services/", "legcy/x.toml": "legacy/x.toml",
    "legacy/x.tmol": "legacy/x.toml",
    "services/sub/x.toml": "services/x.toml", "services/sub/x.tml": "services/x.toml",
    "service/x.tml": "services/x.toml", "target.toml": "targets.toml",
}  # fmt: skip
FINE = (
    "README.md", "Makefile", "services/README", "services/notes.md", "services/.x.toml.swp", "services/x.toml~",
    "services/x.toml.bak", "legacy/docker-compose.yml", "schemas/service.json", ".git/config", "pages/x.html",
    "docker-compose.yml", ".services/x.tml", "fleet.toml.example",
)  # fmt: skip


def errors_of(folder: Path, path: str = "", without: str = "") -> tuple[InputError, ...]:
    """Of the small registry with one more file, or a folder where `path` ends in /."""
    for name, text in SMALL.items():
        if name != without:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    if path.endswith("/"):
        (folder / path).mkdir(exist_ok=True)
    elif path:
        (folder / path).write_text(SMALL.get(without, 'summary = "x"\n'))
    try:
        load(read_registry(folder))
    except InputErrors as error:
        return error.errors
    return ()


@pytest.mark.parametrize("path", MEANT)
def test_what_was_meant_to_be_read(tmp_path: Path, path: str) -> None:
    (error,) = errors_of(tmp_path, path)
    assert error.place is not None
    assert error.place.file == path
    assert error.what == f"not a {'folder' if path.endswith('/') else 'file'} of a registry"
    assert error.hint == f"did you mean {MEANT[path]}?"


@pytest.mark.parametrize("path", FINE)
def test_what_was_not(tmp_path: Path, path: str) -> None:
    assert errors_of(tmp_path, path) == ()


@pytest.mark.parametrize("name", SMALL)
def test_a_file_under_another_name_is_one_error(tmp_path: Path, name: str) -> None:
    """Whatever refers to what is in it."""
    (error,) = errors_of(tmp_path, name.removesuffix("toml") + "tml", without=name)
    assert error.hint == f"did you mean {name}?"


def test_what_is_near_nothing_is_an_error_too(tmp_path: Path) -> None:
    (error,) = errors_of(tmp_path, "qqqq.tml")
    assert error.hint.startswith("a registry has automounts.toml, ")


def test_every_table_has_its_file() -> None:
    assert {*FILES} == {"fleet.toml", "policy.toml", *TABLES}
