"""Files that take their places together: what is left, and what the error says, if the system refuses one of them."""

import errno
import os
from pathlib import Path

import pytest

from qtctl.adapters.files import write_tree
from qtctl.contained.folder import Folder
from qtctl.errors import InputError

NAMES = ("a", "b", "c")


def fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def test_a_file_that_cannot_take_its_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Folder.rename

    def refuse_b(self: Folder, path: str, to: str) -> None:
        if to == "sub/b":
            raise fail(errno.EBUSY)
        rename(self, path, to)

    monkeypatch.setattr(Folder, "rename", refuse_b)
    with pytest.raises(InputError) as caught:
        write_tree(tmp_path, {f"sub/{name}": (b"new", 0o644) for name in NAMES})
    assert str(caught.value) == (
        f"{tmp_path}/sub/b: cannot be written: Device or resource busy; 1 of 3 files have been replaced"
        " (check the path)"
    )
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["a"]


def test_the_first_error_is_told_although_cleaning_up_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fail(errno.ENOSPC)

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_tree(tmp_path, {"a/b/file": (b"new", 0o644)})
