"""A folder in which an operator stands: a small registry, templates, a compose file, evidence. And qtctl, run in it."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import warm
from tests.builders.registry import SMALL

ROOT = Path(__file__).parent.parent.parent

COMPOSE = """\
services:
  api:
    image: small
    ports: ["8000:8000"]
  feed:
    image: small
"""
LEGACY = """\
compose = "docker-compose.yml"

[accepted]
command = "The Dockerfiles start the same programs."

[services.api]
is = "mapped"
to = ["api"]
why = "Same program."
ports = { "8000" = "8000" }

[services.feed]
is = "mapped"
to = ["feed"]
why = "Same program."
"""
CHANNELS = '[channels.nobody]\ncommand = ["/usr/bin/true"]\n'
PROGRAM = [sys.executable, "-m", "qtctl"]
"""The command as an operator starts it, modules and all."""
Edit = Callable[[Path], None]
"""Something done to the folder before the command runs."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def build(folder: Path) -> Path:
    """The folder, everything in it in order. Evidence is not: see `evidence`."""
    texts = {f"registry/{path}": text for path, text in SMALL.items()}
    texts["registry/legacy/docker-compose.toml"] = LEGACY
    texts["docker-compose.yml"] = COMPOSE
    texts["notify.toml"] = CHANNELS
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    shutil.copytree(ROOT / "unit_templates", folder / "templates")
    return folder


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """As a user's, but for what would lead out of `folder`: other registries, other labs, other homes, colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QTCTL_", "SSH_", "NO_COLOR"))}
    return {**kept, "PYTHONPATH": str(ROOT), "QTCTL_STATE": str(folder / ".lab"), "TERM": "xterm-256color", **extra}


def qtctl(folder: Path, *argv: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Ran:
    """The whole command as a process of its own, with no terminal."""
    code, out, err = warm.run(argv, cwd=folder, env=environment(folder, **(env or {})), stdin=stdin, timeout_s=60)
    return Ran(code, out.decode(), err.decode())


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, with the content of files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def nothing(folder: Path) -> None:
    """The folder is in order; it is the command that is not."""


def write(path: str, content: str | bytes) -> Edit:
    data = content if isinstance(content, bytes) else content.encode()

    def edit(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    return edit


def replace(path: str, old: str, new: str) -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text, f"{old!r} is not in {path}"
        (folder / path).write_text(text.replace(old, new))

    return edit


def remove(path: str) -> Edit:
    return lambda folder: (folder / path).unlink()


def make_folder(path: str) -> Edit:
    return lambda folder: (folder / path).mkdir(parents=True)


def cut(path: str, part: float) -> Edit:
    """Only the first `part` of a file, as a full disk or a broken download leaves it."""

    def edit(folder: Path) -> None:
        content = (folder / path).read_bytes()
        (folder / path).write_bytes(content[: int(len(content) * part)])

    return edit


def also(*edits: Edit) -> Edit:
    def edit(folder: Path) -> None:
        for each in edits:
            each(folder)

    return edit
