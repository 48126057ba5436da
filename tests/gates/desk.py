"""A checkout with a registry, and what its gate asks for."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.cli.world import build

POLICY = 'fail_on = "warning"\n'


def git(folder: Path, *argv: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", "-C", str(folder), *who, *argv], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "change") -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


def ask_for(folder: Path, *lines: str, more: str = "") -> None:
    """The policy of its registry, with these lines in [gate]."""
    text = "\n".join((POLICY, more, "[gate]", *lines, ""))
    (folder / "registry/policy.toml").write_text(text)


def make_desk(folder: Path) -> Path:
    """The small registry in a checkout with one commit."""
    build(folder)
    git(folder, "init", "-q")
    commit(folder, "first")
    return folder


def steps(report: dict[str, Any]) -> dict[str, str]:
    """Step and host → how it ended."""
    return {f"{each['step']} {each['host']}".strip(): each["conclusion"] for each in report["steps"]}


def read_report(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
