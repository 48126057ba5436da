"""Compose projects from the options of a command."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.errors import InputError

if TYPE_CHECKING:
    from qtctl.dialects.compose.load import Project


def load_projects(
    alone: Iterable[Path],
    merged: Sequence[Path],
    env_files: Sequence[Path],
    profiles: Sequence[str],
    missing: InputError,
) -> "tuple[Project, ...]":
    """`alone`: each is a project of its own; a folder stands for its compose file. `merged`: one project.

    `missing` is raised if there is none.
    """
    from qtctl.adapters.compose_files import read_named, read_setting, read_texts
    from qtctl.dialects.compose.load import load_project

    found = tuple(_group_files(alone, merged))
    if not found:
        raise missing
    return tuple(
        load_project(read_texts(files), read_setting(files, env_files, profiles, lenient=True), read_named)
        for files in found
    )


def _group_files(alone: Iterable[Path], merged: Sequence[Path]) -> Iterator[Sequence[Path]]:
    from qtctl.adapters.compose_files import find_compose_files
    from qtctl.contained.looking import is_folder

    for path in alone:
        yield find_compose_files(path) if is_folder(path) else (path,)
    if merged:
        yield tuple(merged)
