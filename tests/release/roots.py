"""Root file systems of Debian and Ubuntu without a network: those of the lab's hosts, each changed apart."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from qtctl.lab import rootfs

INSIDE = """\
root=$1 work=$2 owner=$3 files=$4 script=$5
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/up" "$work/work" "$work/root"
chown "$owner:$owner" "$work/up"
mount -t overlay -o "lowerdir=$root,upperdir=$work/up,workdir=$work/work" overlay "$work/root"
mkdir "$work/root/srv/in"
cp -R "$files/." "$work/root/srv/in"
chown -R "$owner:$owner" "$work/root/srv/in"
[ "$owner" = 0 ] || users="--private-users=$owner:65536"
exec systemd-nspawn --quiet "--directory=$work/root" ${users:+"$users"} --private-network --register=no --keep-unit \\
  --settings=no --resolv-conf=off --timezone=off --link-journal=no --as-pid2 --console=pipe \\
  "--machine=qtctl-root-$$" /bin/sh -euc "$script"
"""


@dataclass(frozen=True)
class Done:
    code: int
    out: str


def run_in(suite: str, work: Path, files: Path, script: str) -> Done:
    """A shell script in a root of its own, which ends with it; `files` are what is in /srv/in there."""
    root = rootfs.ensure(suite, lambda _: None)
    work.mkdir()
    argv = ("unshare", "--mount", "sh", "-euc", INSIDE, "sh", str(root), str(work),
            str(rootfs.find_own_shift()), str(files), script)  # fmt: skip
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    done = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=300, stdin=subprocess.DEVNULL)  # fmt: skip
    return Done(done.returncode, done.stdout)
