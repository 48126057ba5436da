"""Lock files of a registry: named by a venv, read, and refused with the line that is wrong."""

import pytest

from qtctl.errors import InputErrors
from qtctl.registry.load import load
from tests.builders.registry import write_fleet, write_host

VENVS = b'[main]\npath = "/srv/v"\nlock = "locks/main.txt"\n'


def files(**more: bytes) -> dict[str, bytes]:
    return {
        "fleet.toml": write_fleet("small").encode(),
        "hosts.toml": write_host().encode(),
        "venvs.toml": VENVS,
        **more,
    }


def test_a_venv_has_the_packages_of_its_lock_file() -> None:
    found = load(files(**{"locks/main.txt": b"numpy==1.26.4\n", "locks/other.txt": b"nobody reads it"}))
    assert [each.name for each in found.locks["locks/main.txt"]] == ["numpy"]
    assert list(found.locks) == ["locks/main.txt"]


@pytest.mark.parametrize(
    ("more", "says", "where"),
    [
        ({}, "locks/main.txt is missing", ("venvs.toml", 3)),
        ({"locks/main.txt": b"a==1\nb\n"}, "does not say which version", ("locks/main.txt", 2)),
        ({"locks/main.txt": b"\xff"}, "not UTF-8", ("locks/main.txt", 1)),
    ],
)
def test_what_is_wrong_with_one_is_said_with_its_line(
    more: dict[str, bytes], says: str, where: tuple[str, int]
) -> None:
    with pytest.raises(InputErrors) as caught:
        load(files(**more))
    (error,) = caught.value.errors
    assert says in str(error)
    assert error.place is not None
    assert (error.place.file, error.place.line) == where
