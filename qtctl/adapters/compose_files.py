"""The files of a compose project on this machine: which exist, their `.env`, and the files that they name."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from qtctl.adapters.files import read_bytes, read_text
from qtctl.contained.looking import is_file, leads_somewhere
from qtctl.contained.regular import MIB
from qtctl.dialects.compose.load import Setting
from qtctl.dialects.compose.project import check_inside
from qtctl.errors import InputError, Place

LARGEST = 4 * MIB
"""Bytes of a file that a compose file names."""
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)


def find_compose_files(folder: Path) -> tuple[Path, ...]:
    """The compose file of a folder and its override file, as Compose finds them. InputError if there is none."""
    main = next((folder / name for name in NAMES if is_file(folder / name)), None)
    if main is None:
        raise InputError("there is no compose file here", hint=f"one of {', '.join(NAMES)}", place=Place(str(folder)))
    override = next((folder / name for name in OVERRIDES if is_file(folder / name)), None)
    return (main,) if override is None else (main, override)


def read_texts(files: Sequence[Path]) -> Mapping[str, str]:
    return {str(path): read_text(path) for path in files}


def read_setting(
    files: Sequence[Path], env_files: Sequence[Path], profiles: Sequence[str], *, lenient: bool = False
) -> Setting:
    """How `docker compose`, run here by this user, would read `files`."""
    folder = Path(os.path.abspath(files[0])).parent  # noqa: PTH100 - links stay, as Compose has it
    default = folder / ".env"
    chosen = tuple(env_files) or ((default,) if is_file(default) else ())
    is_outside = partial(_is_outside, os.path.realpath(folder))
    if not env_files and chosen:
        check_inside(str(default), Place(str(files[0])), is_outside)
    return Setting(
        folder=str(folder),
        here=os.getcwd(),  # noqa: PTH109 - as above
        environment=dict(os.environ),
        env_files={str(path): read_text(path) for path in chosen},
        profiles=tuple(profiles),
        home=os.environ.get("HOME", ""),
        lenient=lenient,
        is_outside=is_outside,
    )


def _is_outside(folder: str, path: str) -> bool:
    """With links followed. `folder` is a real path."""
    return not os.path.realpath(path).startswith(f"{folder.rstrip('/')}/")


def read_named(path: str) -> str | None:
    """What a compose file names: None if there is no file. InputError if it is not a regular file, or too large."""
    if not leads_somewhere(path):
        return None
    return read_bytes(Path(path), LARGEST).decode("utf-8", "replace")
