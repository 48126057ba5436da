"""Repositories that git itself makes."""

import os
import subprocess
from pathlib import Path

AT = "2026-01-17T07:00:00+00:00"
CLEAN = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": AT,
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_COMMITTER_DATE": AT,
}  # fmt: skip


def git(where: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *words],
        cwd=where, env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()


FILES = {
    "README": "read me\n", "app/main.py": "print(1)\n", "app/__init__.py": "", "app/deep/er/x.py": "x = 1\n",
    "app.py": "", "app-data/a b\tc": "odd\n", "bin/run": "#!/bin/sh\n", "zeta": "z" * 5000,
}  # fmt: skip


def repository(where: Path) -> Path:
    """With folders, an executable, a link and names that sort oddly, in one commit."""
    where.mkdir(parents=True)
    git(where, "init", "-q")
    for name, text in FILES.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text)
    (where / "bin/run").chmod(0o755)
    (where / "current").symlink_to("app/main.py")
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "first")
    return where
