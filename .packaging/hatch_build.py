"""The build hook of hatchling: bakes the commit into wheel and sdist, and dates their files by it.

Where the commit comes from, the first that knows it: the sdist or archive that is built from (`.packaging/source.txt`),
a git checkout of whoever builds. Otherwise the package says that its commit is unknown.
"""

import importlib.util
import os
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = ".packaging/source.txt"
"""`COMMIT SECONDS [changes]`: in git a placeholder that `git archive` fills in, in an sdist what its build found."""
CHANGED = "with changes"
PACKAGED = (
    "qtctl", "registry", "unit_templates", "docs/qtctl.1", "docs/completion", ".packaging", "LICENSE", "README.md",
    "pyproject.toml",
)  # fmt: skip
"""What a wheel is made of: a change elsewhere makes no other wheel."""


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]
    """See the module."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        commit, seconds, changed = find_source(root)
        if not commit:
            return
        os.environ.setdefault("SOURCE_DATE_EPOCH", seconds)
        said = f"{commit} {seconds}{' changes' if changed else ''}\n"
        baked = f"{commit}{f', {CHANGED}' if changed else ''}\n"
        if self.target_name == "sdist":
            build_data["force_include"][self._write(said)] = SOURCE
        else:
            build_data["force_include"][self._write(baked)] = f"qtctl/{load_version(root).COMMIT_FILE}"

    def _write(self, text: str) -> str:
        folder = Path(tempfile.mkdtemp(prefix="qtctl-build-"))
        file = folder / "text"
        file.write_text(text)
        file.chmod(0o644)
        self._made = folder
        return str(file)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what `initialize` has made."""
        folder: Path | None = getattr(self, "_made", None)
        if folder is not None:
            (folder / "text").unlink()
            folder.rmdir()


def find_source(root: Path) -> tuple[str, str, bool]:
    """Commit, the time of the commit in seconds, and whether files differ from it; three times nothing if unknown."""
    words = (root / SOURCE).read_text().split() if (root / SOURCE).is_file() else []
    match words:
        case [commit, seconds, *changes] if load_version(root).COMMIT.fullmatch(commit) and seconds.isdecimal():
            return commit, seconds, bool(changes)
    if not (root / ".git").exists() or (root / ".git").stat().st_uid != os.geteuid():
        # git runs programs that the config of a checkout names: not those of another account.
        return "", "", False
    match _git(root, "log", "-1", "--format=%H %ct").split():
        case [commit, seconds]:
            return commit, seconds, bool(_git(root, "status", "--porcelain", "--", *PACKAGED))
    return "", "", False


def load_version(root: Path) -> ModuleType:
    """qtctl/version.py, without the package around it."""
    spec = importlib.util.spec_from_file_location("qtctl_version", root / "qtctl/version.py")
    if spec is None or spec.loader is None:
        raise ImportError("qtctl/version.py is not where this is built")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _git(root: Path, *argv: str) -> str:
    """Its output, "" if it failed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *argv], capture_output=True, text=True, check=False, env=clean, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
