"""The version, which this file alone states, and the commit that this program comes from.

The build hook loads this file by its path, without the package: it imports nothing of qtctl.
"""

import re
from pathlib import Path

VERSION = "0.2.0.dev0"

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
COMMIT_FILE = "commit.txt"
"""In the package, written when it is built: a commit, and "with changes" if files differed from it."""
_SMALL = 4096
_PACKED = 4 << 20


def describe_version() -> str:
    """`qtctl 1.2.0 (commit 0123…)`; of a checkout, the commit that is checked out."""
    package = Path(__file__).parent
    built_from = _read(package / COMMIT_FILE, _SMALL).strip()
    if built_from:
        return f"qtctl {VERSION} (commit {built_from})"
    commit = read_head(package.parent)
    return f"qtctl {VERSION} (commit {commit}, a checkout)" if commit else f"qtctl {VERSION} (unknown commit)"


def read_head(checkout: Path) -> str:
    """The commit that a checkout is at, "" if it is none.

    Files are read, and git is not run: the config of a checkout names programs that git would start.
    """
    git = checkout / ".git"
    if git.is_file():
        git = checkout / _read(git, _SMALL).strip().removeprefix("gitdir: ")
    head = _read(git / "HEAD", _SMALL).strip()
    if not head.startswith("ref: refs/"):
        return head if COMMIT.fullmatch(head) else ""
    ref = head.removeprefix("ref: ")
    if ".." in ref:
        return ""
    common = git / (_read(git / "commondir", _SMALL).strip() or ".")
    commit = _read(common / ref, _SMALL).strip() or _find_packed(_read(common / "packed-refs", _PACKED), ref)
    return commit if COMMIT.fullmatch(commit) else ""


def _find_packed(text: str, ref: str) -> str:
    return next((line.split(" ")[0] for line in text.split("\n") if line.endswith(f" {ref}")), "")


def _read(path: Path, limit: int) -> str:
    """At most `limit` characters of a text file; "" if it is none, or cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(limit)
    except OSError:
        return ""
