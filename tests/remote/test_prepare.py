"""How the preparation of a host ends if it is interrupted."""

import hashlib
from pathlib import Path

from qtctl.remote.scripts import read_script
from tests.remote.host_script import shut_down_once_ready

STUBS = """
tab=$(printf '\\t')
sudoers=/etc/sudoers.d/qtctl removing=no
is_trusted() { :; }
check_staged() { :; }
check_installed() { echo ready; sleep 10; }
"""


def test_a_shutdown_puts_back_what_was_there(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(40)]
    for each in files:
        each.write_text("old\n")
    digest = hashlib.sha256(b"old\n").hexdigest()
    steps = "\n".join(f"{number}\twrite\t{each}\t0644\t{digest}" for number, each in enumerate(files))
    contents = "\n".join(f"content_{number}() {{ echo new; }}" for number in range(len(files)))
    shut_down_once_ready(f"steps='{steps}\n'\n{contents}\n{read_script('prepare.sh')}\n{STUBS}\nprepare_apply\n")
    assert {each.read_text() for each in files} == {"old\n"}
    assert sorted(tmp_path.iterdir()) == sorted(files)
