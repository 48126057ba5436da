"""`secrets put` that is refused: each reason in words, exit 4, the file as it was, and nothing left beside it."""

import base64
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from qtctl.apply import secrets
from qtctl.cli.exits import Exit, choose_error_exit
from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Completed, Host
from qtctl.model.secret_place import SecretKind, SecretPlace
from qtctl.remote.scripts import read_script
from tests.remote.host_script import hold_lock, run_script, write_generation, write_script

PARTS = ("trail.sh", "way.sh", "damaged.sh", "transaction.sh", "stage.sh", "env_files.sh", "secrets.sh")
PLACE = SecretPlace("TOKEN", SecretKind.KEY, "/etc/shop/a.env", ("a",), ("a.service",))
VALUE = "canary-put-93e1"
QUICK = 'flock() { command flock -w 0.2 "$3"; }\n'
TRUSTING = "is_trusted() { :; }\n"
"""The folder of a test is in a folder of the account that runs it."""
FIX = "fix that on the host, then put it again"
Ready = Callable[[Path], None]


def put(base: Path, path: Path, before: str = "", *, key: str = "TOKEN", trusting: bool = True) -> str:
    """What the script answers. `before`: runs first."""
    encoded = base64.b64encode(f"TOKEN={VALUE}".encode()).decode()
    given = f"encoded={encoded} whose_members='\"by\":\"ann\"' whose_fields=DEPLOY_BY=ann nonce='' most=262144\n"
    given += f"remover={shlex.quote(read_script('env_without.awk'))} reader=''\n"
    stubs = f"{QUICK}{TRUSTING if trusting else ''}{given}{before}\n"
    done = run_script(write_script(base, PARTS, f"{stubs}put_secret {shlex.quote(str(path))} '{key}'"))
    assert VALUE not in done.stdout + done.stderr
    return done.stdout


def judge(said: str) -> DeployRefused:
    """The error that the answer becomes."""

    class Answering:
        address = "web-1"

        def start(self, *_: object, **__: object) -> "Answering":
            return self

        def finish(self, *_: object, **__: object) -> Completed:
            return Completed(77, said.encode(), b"", 1e9, 0.1)

    with pytest.raises(DeployRefused) as caught:
        secrets.put(cast("Host", Answering()), PLACE, b"x", {"by": "ann"})
    assert choose_error_exit(caught.value) is Exit.REFUSED
    return caught.value


def write(text: str) -> Ready:
    def ready(base: Path) -> None:
        (base / "etc/a.env").write_text(text)

    return ready


def link(base: Path) -> None:
    (base / "etc/a.env").symlink_to("/etc/hostname")


def folder(base: Path) -> None:
    (base / "etc/a.env").mkdir()


def transaction(state: str) -> Ready:
    def begin(base: Path) -> None:
        write_generation(base, 7, "shop", outcome="")
        (base / "tx").mkdir()
        (base / "tx" / state).write_text("7\n")

    return begin


def damage(base: Path) -> None:
    (base / "tx").mkdir()
    (base / "tx/gating").write_text("x\n")


IMMUTABLE = 'mv() { case $3 in */.qtctl-secret-*) return 1 ;; esac; command mv "$@"; }'
FULL = "mktemp() { return 1; }"
OWNERS = "chown() { return 1; }"
REFUSED: dict[str, tuple[Ready, str, str, str]] = {
    "a link": (link, "", "{file} is a link", FIX),
    "a folder": (folder, "", "{file} is not a regular file", FIX),
    "too large": (write("x" * 262145), "", "{file} is larger than an env file", FIX),
    "a NUL": (write("A=1\0\n"), "", "{file} contains a NUL, so systemd reads nothing from it", FIX),
    "an open quote": (
        write('A="1\n'), "", "{file} ends in an open quote or a backslash, so nothing can be added to it", FIX,
    ),
    "no room": (write("A=1\n"), FULL, "nothing could be written in {folder}", FIX),
    "no owner": (write("A=1\n"), OWNERS, "{file} could not be given to root with mode 0600", FIX),
    "immutable": (write("A=1\n"), IMMUTABLE, "{file} could not be replaced: it is immutable, or a mount", FIX),
    "a deploy": (transaction("gating"), "", "generation 7 is gating: put the secret when that has ended", FIX),
    "broken": (
        transaction("broken"), "", "generation 7 could not be rolled back",
        "check its units, then `qtctl recover --host web-1`, then put it again",
    ),
    "a damaged record": (
        damage, "", "{base}/tx/gating does not name its generation",
        "`qtctl recover --host web-1`, then put it again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_says_why_and_leaves_the_file_as_it_was(tmp_path: Path, case: str) -> None:
    ready, before, why, hint = REFUSED[case]
    (tmp_path / "etc").mkdir()
    ready(tmp_path)
    file = tmp_path / "etc/a.env"
    was = file.read_bytes() if file.is_file() else b""
    error = judge(put(tmp_path, file, before))
    assert error.what == f"nothing was changed: {why.format(file=file, folder=file.parent, base=tmp_path)}"
    assert error.hint == hint
    assert (file.read_bytes() if file.is_file() else b"") == was
    assert [each.name for each in (tmp_path / "etc").iterdir() if each.name != "a.env"] == []
    assert not (tmp_path / "trail").exists()


def test_a_lock_that_is_held_is_said_to_be_whose_it_is(tmp_path: Path) -> None:
    put(tmp_path, tmp_path / "a.env")
    with hold_lock(tmp_path / "lock", 1.5):
        other = judge(put(tmp_path, tmp_path / "a.env"))
        (tmp_path / "holder").write_text("bob@desk 0123\n")
        deploy = judge(put(tmp_path, tmp_path / "a.env"))
    assert other.what.startswith(f"nothing was changed: another process of qtctl holds {tmp_path}/lock")
    assert deploy.what == "nothing was changed: a deploy is being staged"


def test_a_folder_that_others_can_change_has_its_own_remedy(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    said = put(tmp_path, tmp_path / "open/a.env", "prepare_base() { mkdir -p $base/tx; }", trusting=False)
    error = judge(said)
    assert "can be changed by" in error.what
    assert error.hint != FIX
    assert list((tmp_path / "open").iterdir()) == []


def test_a_script_that_was_killed_is_not_called_refused() -> None:
    class Killed:
        address = "web-1"

        def start(self, *_: object, **__: object) -> "Killed":
            return self

        def finish(self, *_: object, **__: object) -> Completed:
            return Completed(137, b"", b"", 1e9, 0.1)

    with pytest.raises(HostError, match="was killed"):
        secrets.put(cast("Host", Killed()), PLACE, b"x", {"by": "ann"})
