"""Names that cannot be: in table files and as file names, each placed like any other error."""

import pytest

from qtctl.dialects.endpoints import NAME_LENGTH
from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.builders.registry import SMALL


@pytest.mark.parametrize("name", ["a b", "ä", "-a", "", "a" * (NAME_LENGTH + 1)])
@pytest.mark.parametrize("file", ["venvs.toml", "timers.toml", "hosts.toml"])
def test_a_name_that_cannot_be_is_an_error_with_its_line(file: str, name: str) -> None:
    text = SMALL.get(file, "") + f'\n["{name}"]\n'
    files = {path: content.encode() for path, content in {**SMALL, file: text}.items()}
    with pytest.raises(InputErrors) as raised:
        load(files)
    found = next(error for error in raised.value.errors if " is not a valid " in error.what)
    assert found.place is not None
    assert (found.place.file, found.place.line) == (file, text.count("\n"))


@pytest.mark.parametrize("name", ["a b", "ä", "a" * (NAME_LENGTH + 1)])
def test_a_file_whose_name_cannot_be_a_service(name: str) -> None:
    with pytest.raises(InputErrors, match="is not a valid name for a service"):
        load({f"services/{name}.toml": b"", **{path: text.encode() for path, text in SMALL.items()}})
