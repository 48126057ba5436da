"""What a service account, or the auditing account's own shell files, could do to an audit: tried on a real host."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.box import Box, Ran

pytestmark = pytest.mark.lab

AUDITOR = "qtaudit"
HOME = f"/home/{AUDITOR}"


@contextmanager
def file(box: Box, path: str, text: str, owner: str = AUDITOR, mode: str = "644") -> Iterator[None]:
    """A file of the host that is not there before, and not after."""
    encoded = base64.b64encode(text.encode()).decode()
    box.sh(f"test ! -e {path} || mv {path} {path}.kept; echo {encoded} | base64 -d >{path}")
    box.sh(f"chown {owner}: {path}; chmod {mode} {path}")
    try:
        yield
    finally:
        box.sh(f"rm -f {path}; test ! -e {path}.kept || mv {path}.kept {path}")


def judged(ran: Ran) -> tuple[int, list[str], list[str]]:
    """Exit code, findings, and what could not be told."""
    said = ran.json()
    found = [[f"{each['id']} {each['subject']}" for each in said[kind]] for kind in ("findings", "unknowns")]
    return ran.code, found[0], found[1]


HEALTHY: tuple[int, list[str], list[str]] = (0, [], [])


@pytest.fixture(scope="module", autouse=True)
def healthy(box: Box) -> None:
    assert judged(box.until_healthy()) == HEALTHY


NOISE = {
    "a line": "echo Welcome to prod",
    "on both streams, no end of line": "seq 5000; printf Welcome; printf Beware >&2",
    "like the bus": "printf 'OK 0123456789abcdef0123456789abcdef\\r\\n'",
}


@pytest.mark.parametrize("text", NOISE.values(), ids=NOISE)
def test_a_shell_that_prints_changes_nothing(box: Box, text: str) -> None:
    with file(box, f"{HOME}/.bashrc", f"{text}\n"):
        assert box.ssh(AUDITOR, "true").out, "the shell does not print: the test shows nothing"
        assert judged(box.audit()) == HEALTHY


# What a program of the service account's does, if ever it is run: it says so, and answers nothing.
FAKE = "#!/bin/sh\necho $0 >>/var/tmp/forged/by\n"
FAKED = ("awk", "df", "env", "find", "getent", "head", "id", "python3", "readlink", "sed", "sh", "sha256sum", "ss",
         "systemctl", "systemd-stdio-bridge", "tail", "timeout", "tr", "xargs")  # fmt: skip


def test_neither_path_nor_alias_nor_function_of_the_account_matter(box: Box) -> None:
    aliases = "".join(f"alias {name}={HOME}/bin/{name}\nfunction {name} {{ {HOME}/bin/{name}; }}\n" for name in FAKED)
    settings = f"export PATH={HOME}/bin:$PATH PYTHONPATH={HOME}/bin LC_ALL=de_DE ENV={HOME}/.bashrc BASH_ENV=$HOME/x\n"
    names = " ".join(FAKED)
    with file(box, f"{HOME}/.bashrc", f"{settings}shopt -s expand_aliases\n{aliases}"):
        box.sh(f"mkdir {HOME}/bin; cd {HOME}/bin; printf '{FAKE}' >fake; tee {names} <fake >/dev/null")
        box.sh(f"chmod 755 {HOME}/bin/*; mkdir -m 777 /var/tmp/forged")
        try:
            box.ssh(AUDITOR, "ss")
            assert box.succeeds("test -s /var/tmp/forged/by"), "the shell does not use them: the test shows nothing"
            box.sh("rm /var/tmp/forged/by")
            assert judged(box.audit()) == HEALTHY
            assert not box.succeeds("test -e /var/tmp/forged/by")
        finally:
            box.sh(f"rm -rf {HOME}/bin /var/tmp/forged")
