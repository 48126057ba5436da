"""What PID 1 of a booted host says of the units that systemd refuses: their LoadState."""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping

import pytest

from qtctl.lab import lab
from tests.dialects.systemd.refused import cases
from tests.dialects.systemd.test_refusals import FATAL_TO_247, judged

pytestmark = pytest.mark.lab

VERSIONS = {None: 252, "bookworm": 252, "bullseye": 247, "trixie": 257, "noble": 255}
STEP = 1 if os.environ.get("QTCTL_TEST_SWEEP") else 13
"""Of the units those that are asked for; all of them with QTCTL_TEST_SWEEP=1."""
MOUNTED = ("-.", "dev-", "proc.", "run.", "sys-", "tmp-")
"""Names of what is mounted there by others: it is loaded from /proc/self/mountinfo."""
ASK = """set -e
cd /etc/systemd/system
tar -x
systemctl daemon-reload
xargs -0 -n 1 systemctl show -p Id -p LoadState -- < names || [ "$?" = 123 ]
xargs -0 rm -rf -- < files
rm names files
systemctl daemon-reload
"""


def packed(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, text in files.items():
            made = tarfile.TarInfo(path)
            made.size = len(text.encode())
            tar.addfile(made, io.BytesIO(text.encode()))
    return out.getvalue()


def chosen(version: int) -> dict[str, str]:
    every = cases()
    units = [name for name in every if "/" not in name and not name.startswith(MOUNTED)]
    bad = judged(every, version)
    # PID 1 of systemd 247 itself dies of these.
    sound = [unit for unit in units if version > 247 or FATAL_TO_247 not in str(bad[unit])]
    mine = frozenset(sound[::STEP])
    return {path: text for path, text in every.items() if path.partition(".d/")[0] in mine}


def shown(text: str) -> Iterator[tuple[str, str]]:
    """Of each unit, its name and state: lines in this order, with nothing between units."""
    said = [line.partition("=") for line in text.splitlines() if line]
    for (_, _, name), (_, _, state) in zip(said[::2], said[1::2], strict=True):
        yield name.replace("@i.", "@."), state


def test_the_state_of_each_unit_is_what_we_say(host: str) -> None:
    version = VERSIONS[os.environ.get("QTCTL_TEST_SUITE")]
    files = chosen(version)
    units = [path for path in files if "/" not in path]
    names = "\0".join(unit.replace("@.", "@i.") for unit in units)
    paths = "\0".join(path.partition("/")[0] for path in files)
    done = lab.execute(host, ["sh", "-c", ASK], stdin=packed({**files, "names": names, "files": paths}))
    assert done.returncode == 0, done.stderr.decode()
    real = dict(shown(done.stdout.decode()))
    # D-Bus carries no argv that is not UTF-8: systemctl shows nothing of such a unit.
    assert all("\\" in files[unit] for unit in units if unit not in real)
    ours = {unit: any(not each.loads for each in those) for unit, those in judged(files, version).items()}
    wrong = {unit: state for unit, state in real.items() if (state in ("bad-setting", "error")) != ours[unit]}
    assert wrong == {}
    assert sum(ours.values()) > 50
