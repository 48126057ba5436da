"""What a service account, or the auditing account's own shell files, could do to an audit: tried on a real host."""

import base64
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.box import Box, Ran

pytestmark = pytest.mark.lab

AUDITOR = "qtaudit"
HOME = f"/home/{AUDITOR}"


@contextmanager
def file(box: Box, path: str, text: str, owner: str = AUDITOR, mode: str = "644") -> Iterator[None]:
    """A file of the host that exists only for the test."""
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


VENVS = "/opt/quantum/venvs"
FORGED = "/var/tmp/forged"
OWNER = "nobody"
# Becomes the auditing account, if that ever runs it, and is a good interpreter otherwise.
HOSTILE = f"""#!/bin/sh
echo "$(id -un) $0 $*" >>{FORGED}/by
echo 'export PATH={FORGED}:$PATH' >>~/.bashrc
exec /usr/bin/python3 "$@"
"""
LIBRARY = f"""mkdir -p evil/lib/python3.11/encodings evil/bin
for each in encodings/__init__ site os codecs io; do cp {FORGED}/library evil/lib/python3.11/$each.py; done
cp /usr/bin/python3.11 evil/bin/python3.11
echo "home = $PWD/evil/bin" >pyvenv.cfg
"""
LINES = rf"""n=$(printf 'x\n/usr/bin')
mkdir -p "$n"; cp {FORGED}/evil "$n/python3"; ln -sf "../$n/python3" bin/python
"""
# What the owner does in a venv of his, and how QT402 then ends.
ATTACKS = {
    "a script in its place": (f"cp --remove-destination {FORGED}/evil bin/python", "unknowns"),
    "a link to a script": (f"ln -sf {FORGED}/evil bin/python3", "unknowns"),
    "a script that is named like an interpreter": (f"ln -sf {FORGED}/python3.11 bin/python", "unknowns"),
    "libraries elsewhere": (LIBRARY, ""),
    "another program of the system": ("ln -sf /usr/bin/perl bin/python", "unknowns"),
    "a copy of the interpreter": ("cp --remove-destination /usr/bin/python3.11 bin/python", ""),
    "a sparse file of 30 GB": ("rm bin/python; truncate -s 30G bin/python; chmod 755 bin/python", "unknowns"),
    "a FIFO": ("rm bin/python; mkfifo -m 755 bin/python", "findings"),
    "a FIFO and a large file for settings": ("rm pyvenv.cfg; mkfifo pyvenv.cfg; mkfifo bin/pyvenv.cfg", ""),
    "endless settings": ("ln -sf /dev/zero pyvenv.cfg", ""),
    "links in a circle": ("ln -sf python bin/python3; ln -sf python3 bin/python", "unknowns"),
    "a device": ("ln -sf /dev/zero bin/python", "findings"),
    "a path with a line in it": (LINES, "unknowns"),
}


@pytest.fixture
def attacked(box: Box) -> Iterator[dict[str, str]]:
    """A venv of the fleet for each attack, after it: its path."""
    paths = dict(zip(ATTACKS, box.sh(f"ls -d {VENVS}/*").split(), strict=False))
    assert len(paths) == len(ATTACKS), "too few venvs"
    box.sh(f"mkdir -m 777 {FORGED}; cp -a {VENVS} {VENVS}.kept; chown -hR {OWNER} {' '.join(paths.values())}")
    library = f"open('{FORGED}/by', 'a').write('library')"
    for name, text in (("evil", HOSTILE), ("library", library)):
        box.sh(f"echo {base64.b64encode(text.encode()).decode()} | base64 -d >{FORGED}/{name}")
    box.sh(f"chmod 755 {FORGED}/evil; ln -s evil {FORGED}/python3.11; chown -h {OWNER} {FORGED}/*")
    try:
        for name, path in paths.items():
            box.sh(f"cd {path}; runuser -u {OWNER} -- sh -euc {shlex.quote(ATTACKS[name][0])}")
        yield paths
    finally:
        box.sh(f"rm -rf {FORGED} {VENVS}; mv {VENVS}.kept {VENVS}")


CHANGED = ("QT401", "QT213", "QT408", "QT410", "QT411", "QT412")
"""What else is said of a venv that its owner has changed."""


def test_what_the_owner_of_a_venv_puts_there_never_runs(box: Box, attacked: dict[str, str]) -> None:
    home = f"find {HOME} -printf '%p %s %T@\n' | sort"
    before = box.sh(home)
    began = time.monotonic()
    code, findings, unknowns = judged(box.audit())
    took_s = time.monotonic() - began
    told = {f"QT402 {path}": [name] for name, path in attacked.items()}
    expected = {f"QT402 {path}": ATTACKS[name][1] for name, path in attacked.items()}
    found = dict.fromkeys(told, "") | dict.fromkeys(findings, "findings") | dict.fromkeys(unknowns, "unknowns")
    assert {key: (told.get(key), how) for key, how in found.items() if not key.startswith(CHANGED)} == {
        key: (told[key], how) for key, how in expected.items()
    }
    assert code != 0
    assert not box.succeeds(f"test -e {FORGED}/by"), box.sh(f"cat {FORGED}/by")
    assert box.sh(home) == before
    assert took_s < 20


DOTS = "/srv/dots"


def test_a_shell_file_that_another_could_write_is_found(box: Box) -> None:
    box.sh(f"mkdir -m 755 {DOTS}; chown {OWNER} {DOTS}; ln -s {DOTS}/rc {HOME}/.bashrc.new")
    box.sh(f"test ! -e {HOME}/.bashrc || mv {HOME}/.bashrc {HOME}/.bashrc.kept; mv {HOME}/.bashrc.new {HOME}/.bashrc")
    try:
        code, findings, unknowns = judged(ran := box.audit())
        assert (code, findings, unknowns) == (1, ["QT722 self"], [])
        (finding,) = ran.json()["findings"]
        said = f"{DOTS} can be changed by user {OWNER} (its owner)"
        assert finding["observed"] == {"account": AUDITOR, "file": f"{HOME}/.bashrc", "changed by": said}
        (proof,) = finding["proof"]
        assert box.ssh(AUDITOR, proof["again"]).out.strip() == proof["line"]
    finally:
        box.sh(f"rm -r {HOME}/.bashrc {DOTS}; test ! -e {HOME}/.bashrc.kept || mv {HOME}/.bashrc.kept {HOME}/.bashrc")
