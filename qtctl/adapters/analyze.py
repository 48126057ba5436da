"""Run this machine's systemd-analyze on a root folder that is made for it among temporary files."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qtctl.contained.folder import Folder
from qtctl.errors import HostError
from qtctl.interfaces.analyze import Printed
from qtctl.model.tree import Tree

PROGRAM = "systemd-analyze"


class LocalAnalyze:
    """qtctl.interfaces.analyze.Analyze on this machine."""

    @contextmanager
    def stage(self, tree: Tree) -> Iterator["StagedRoot"]:
        """Files, folders and links of `tree` (without accounts and owners) below a new folder of mode 0700."""
        try:
            folder = tempfile.TemporaryDirectory(prefix="qtctl-verify-", ignore_cleanup_errors=False)
        except OSError as error:
            raise _explain_no_stage(error) from error
        with folder as path:
            root, scratch = Path(path).resolve() / "root", Path(path).resolve() / "tmp"
            try:
                scratch.mkdir()
                stage_tree(root, tree)
            except OSError as error:
                raise _explain_no_stage(error) from error
            yield StagedRoot(str(root), str(scratch))


@dataclass(frozen=True, slots=True)
class StagedRoot:
    """qtctl.interfaces.analyze.Staged. Files that the tool writes go to `scratch`, which is removed with the root."""

    root: str
    scratch: str

    def analyze(self, arguments: Sequence[str], deadline_s: float) -> Printed:
        try:
            done = subprocess.run(
                [PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=deadline_s,
                env=make_environment(self.scratch),
                cwd=self.scratch,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise HostError(f"{PROGRAM} {arguments[0]} did not end in {deadline_s:g} s") from error
        except FileNotFoundError as error:
            raise HostError(f"{PROGRAM} is not installed on this machine", hint="apt-get install systemd") from error
        except OSError as error:
            raise HostError(f"{PROGRAM} cannot be run: {error.strerror}") from error
        return Printed(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def stage_tree(root: Path, tree: Tree) -> None:
    """Write the folders, files and links of `tree` below `root`, owned by this process's user.

    OSError if one cannot be written, InputError if its path leads out of `root`.
    """
    own = os.geteuid(), os.getegid()
    root.mkdir(exist_ok=True)
    with Folder.open(root) as folder:
        for each in tree.dirs:
            folder.make_folder(each.path, each.mode, own)
        for file in tree.files:
            folder.write(file.path, file.content, file.mode)
        for link in tree.links:
            folder.link(link.path, link.target)


def make_environment(scratch: str) -> dict[str, str]:
    """This process's environment, without variables that affect how systemd's tools find units, log and write."""
    odd = ("SYSTEMD_", "LC_", "LANG", "JOURNAL_STREAM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(odd)}
    return {**kept, "LC_ALL": "C.UTF-8", "TMPDIR": scratch, "SYSTEMD_COLORS": "0", "SYSTEMD_LOG_TARGET": "console"}


def _explain_no_stage(error: OSError) -> HostError:
    return HostError(
        f"no root folder for {PROGRAM} can be created: {error.strerror}", hint="is there space below $TMPDIR?"
    )
