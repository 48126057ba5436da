"""Attacks on the helper of a prepared host, by the account that may run it and nothing else: real sudo, real root."""

import base64
import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.apply.generation import BASE
from qtctl.apply.helper import build_helper, pack
from qtctl.lab import lab
from qtctl.model.backup import EMPTY_SHA256 as EMPTY
from qtctl.remote.helper_place import HELPER
from qtctl.remote.request import CONTROL, Call, Request, Verb, encode_calls
from tests.live.box import Box, Ran, qtctl

pytestmark = pytest.mark.lab

UNIT = "quantum-core.target"
EVIL, RAN = "/tmp/evil", "/tmp/evil/ran"
UNITS, STAMPS = "/etc/systemd/system", "/var/lib/systemd/timers"
DEPLOY = ("deploy", "--host", "lab1", "--yes", "--format", "json")
MARKER = ("marker", "a" * 32)
STATE = (
    f"find {BASE} /etc/systemd /etc/sudoers.d /etc/qtctl /opt/qtctl ! -name lock ! -name status ! -path {BASE}/gen "
    f"! -path {BASE}/last -printf '%p %i %m %s %U %l\\n' | sort"
)
"""Everything that an attack could have changed. A deploy that is refused uses up a number."""


@dataclass(frozen=True)
class Attack:
    """What the account runs, and what it sends."""

    line: str
    stdin: bytes = b""


def asked(verb: str, data: bytes) -> Attack:
    return Attack(f"sudo -n {HELPER} {verb}", pack(Request("", Verb(verb), data)))


def calls(verb: str, *these: Call) -> Attack:
    return asked(verb, encode_calls(these))


def evidence(*these: Call, tools: tuple[str, ...] = ()) -> Attack:
    return calls("evidence", MARKER, ("command", *tools), *these)


def control(verb: str, units: str) -> Attack:
    return Attack(f"sudo -n {HELPER} {verb}", units.encode())


def controlled(
    *units: str, verb: str = "restart", signal: str = "0", members: str = '"by":"a"', fields: str = "DEPLOY_BY=a"
) -> Attack:
    """What `qtctl restart` sends: verb, signal, reason, who asks, and the units."""
    return asked("control", "\n".join((verb, signal, "", members, fields, "", *units)).encode())


def headed(verb: str, size: str) -> Attack:
    return Attack(f"sudo -n {HELPER} {verb}", f"qtctl {build_helper().version} {size}".ljust(40).encode())


def archive(members: Mapping[str, bytes], *odd: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for header in odd:
            tar.addfile(header)
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            tar.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.linkname, header.devmajor, header.devminor = kind, target, 1, 3
    return header


WHOLE = {
    "limit": b"60\n", "holder": b"somebody 0\n", "word": b"0123456789abcdef\n", "about": b"", "files": b"",
    "trail": b'"by":"somebody"\n', "fields": b"DEPLOY_BY=somebody\n",
    "units": b"quantum-core.target\n", "desired.json.gz": b"", "steps": b"",
}  # fmt: skip


def staged(*steps: str, **members: bytes) -> Attack:
    text = "".join("\t".join(step.split(" ")) + "\n" for step in steps).encode()
    return asked("stage", archive({**WHOLE, "steps": text, "content/0": b"x", **members}))


def written(path: str, mode: str = "0644", owner: str = "root:root") -> Attack:
    return staged(f"0 write {path} absent {'a' * 64} {owner} {mode} no")


@pytest.fixture(scope="module")
def prepared(box: Box) -> Iterator[Box]:
    """The box, where ops may run the helper and nothing else."""
    box.sh("mv /etc/sudoers.d/ops /root/ops.sudoers")
    try:
        done = qtctl("host", "prepare", "--host", box.name, "--user", "root", "--apply")
        assert done.code == 0, done.err
        box.sh(f"mkdir -m 0777 {EVIL}; chmod 0777 {EVIL}")
        yield box
    finally:
        box.sh(f"mv /root/ops.sudoers /etc/sudoers.d/ops; rm -rf {EVIL}")
        done = qtctl("host", "prepare", "--host", box.name, "--user", "root", "--remove", "--apply")
        assert done.code == 0, done.err
        assert not box.succeeds(f"ls -d /opt/qtctl /etc/qtctl {HELPER} /etc/sudoers.d/qtctl*")


def run_all(box: Box, attacks: Mapping[str, Attack], *, held: bool = False) -> dict[str, Ran]:
    """All of them in one session of ops: name → exit status and what was said.

    `held`: at the same time, each with an input that stays open for a while, as a look's does.
    """
    lines = ["cd /tmp"]
    for number, attack in enumerate(attacks.values()):
        at = f"{EVIL}/{number}"
        lines.append(f"base64 -d >{at}.in <<'END'\n{base64.b64encode(attack.stdin).decode()}\nEND")
        run = f"{{ cat {at}.in; sleep 2; }} | ( {attack.line} )" if held else f"( {attack.line} ) <{at}.in"
        # Pipes, as over a connection: a look may write no file, not even one that is its output.
        run = f"{{ {{ {run}; echo $? >{at}.code; }} 2>&1 >&3 | cat >{at}.err; }} 3>&1 | cat >{at}.out"
        lines.append(f"{run} {'&' if held else ''}")
    lines.append("wait")
    for number in range(len(attacks)):
        at = f"{EVIL}/{number}"
        lines.append(f'echo "$(cat {at}.code)" "$(base64 -w0 {at}.out)" "$(base64 -w0 {at}.err)"; rm {at}.*')
    argv = ["setpriv", "--reuid=ops", "--regid=ops", "--init-groups", "--reset-env", "bash", "-s"]
    done = lab.execute(box.name, argv, stdin="\n".join(lines).encode())
    rows = [line.split(" ") for line in done.stdout.decode().splitlines()]
    assert len(rows) == len(attacks), done.stderr.decode()
    texts = [[base64.b64decode(text).decode("utf-8", "replace") for text in row[1:]] for row in rows]
    return {name: Ran(int(row[0]), *text) for name, row, text in zip(attacks, rows, texts, strict=True)}


NOT_SUDO = {
    "no verb": f"sudo -n {HELPER}",
    "two words": f"sudo -n {HELPER} stage clean",
    "an option": f"sudo -n {HELPER} -c id",
    "a word with a blank": f"sudo -n {HELPER} 'stage clean'",
    "another verb": f"sudo -n {HELPER} main",
    "a shell": "sudo -n /bin/sh -c id",
    "the helper in a shell": f"sudo -n /bin/sh {HELPER} evidence clean",
    "another way to it": "sudo -n /opt/qtctl/libexec/../libexec/qtctl-helper evidence x",
    "a variable": f"sudo -n LD_PRELOAD={EVIL}/x.so {HELPER} version",
    "all variables": f"sudo -n -E {HELPER} version",
    "another user": f"sudo -n -u qt {HELPER} version",
    "an editor": "sudo -n -e /etc/passwd",
    "a chroot": f"sudo -n -R {EVIL} {HELPER} version",
    "a folder": f"sudo -n -D {EVIL} {HELPER} version",
}


def test_sudo_runs_nothing_but_the_helper_with_one_verb(prepared: Box) -> None:
    ran = run_all(prepared, {name: Attack(line) for name, line in NOT_SUDO.items()})
    assert {name: (each.code != 0, "uid=0" in each.out) for name, each in ran.items()} == dict.fromkeys(
        NOT_SUDO, (True, False)
    )
    assert not any("qtctl: root" in each.err for each in ran.values())


def test_a_link_that_is_turned_between_check_and_use_runs_nothing_else(prepared: Box) -> None:
    """sudo compares inodes, and runs what sudoers names."""
    swap = (
        f"printf '#!/bin/sh\\n/usr/bin/id -u >>{RAN}\\n' >{EVIL}/mine; chmod +x {EVIL}/mine; cd {EVIL}\n"
        f"(while [ ! -e stop ]; do ln -sfn {HELPER} qtctl-helper; ln -sfn {EVIL}/mine qtctl-helper; done) &\n"
        "for each in 1 2 3 4 5 6 7 8 9 10 11 12; do sudo -n ./qtctl-helper version; done\n"
        "touch stop; wait; rm stop"
    )
    ran = run_all(prepared, {"swap": Attack(swap)})["swap"]
    assert set(ran.out.split()) <= {build_helper().version}
    assert not prepared.succeeds(f"test -e {RAN}")


def test_nothing_of_the_callers_environment_gets_to_root(prepared: Box) -> None:
    """Even if sudoers keeps those variables for everybody."""
    tools = "id head awk systemctl tar env timeout sh cat find tr stat"
    keep = "LD_PRELOAD LD_LIBRARY_PATH PATH BASH_ENV ENV IFS SHELLOPTS PS4 TMPDIR PYTHONPATH BASH_FUNC_head%%"
    prepared.sh(
        f"printf '#!/bin/sh\\n/usr/bin/id -u >>{RAN}\\n' >{EVIL}/rc; chmod +x {EVIL}/rc\n"
        f"for each in {tools}; do cp {EVIL}/rc {EVIL}/$each; done\n"
        f"printf 'Defaults env_keep += \"{keep}\", !secure_path\\n' >/etc/sudoers.d/00-keep"
    )
    setting = (
        f"export PATH={EVIL}:$PATH LD_PRELOAD={EVIL}/x.so BASH_ENV={EVIL}/rc ENV={EVIL}/rc IFS=/ SHELLOPTS=xtrace "
        f"PS4='$(id -u >>{RAN})'; head() {{ /usr/bin/id -u >>{RAN}; }}; export -f head;"
    )
    request = evidence(("show_host",)).stdin
    try:
        attack = Attack(f"{setting} /usr/bin/sudo -n {HELPER} evidence", request)
        ran = run_all(prepared, {"env": attack}, held=True)["env"]
        roots = prepared.sh(f"grep -c '^0$' {RAN} || :").strip()
    finally:
        prepared.sh(f"rm -f /etc/sudoers.d/00-keep {RAN}")
    assert (ran.code, roots) in ((0, "0"), (0, ""))
    assert "machine=" in ran.out


OUTSIDE = {
    "a unit of the system": control("restart", "ssh.service\n"),
    "one of both": control("stop", f"{UNIT}\nssh.service\n"),
    "an option": control("start", "--help\n"),
    "an option like a unit": control("restart", "-Hevil@host.service\n"),
    "a path": control("start", "../../tmp/quantum-x.service\n"),
    "a path of a unit": control("start", "/tmp/quantum-x.service\n"),
    "a path behind its name": control("start", "quantum-x/../../ssh.service\n"),
    "all units": control("stop", "*\n"),
    "a pattern": control("stop", "quantum-*.service\n"),
    "a command": control("start", f"quantum-x.service;touch {RAN}\n"),
    "a substitution": control("start", f"quantum-$(touch {RAN}).service\n"),
    "nothing": control("stop", ""),
    "another case": control("stop", "QUANTUM-core.target\n"),
    "a control character": control("stop", "quantum-core.target\r\n"),
    "a name without an ending": control("stop", "quantum-core\n"),
    "a drop-in folder": control("stop", "quantum-core.target.d/x\n"),
}
STRAY = "quantum-stray.service"
"""A unit that only looks like the fleet's."""
CONTROLLED = {
    "another verb": controlled(UNIT, verb="isolate"),
    "a verb with more": controlled(UNIT, verb=f"restart;touch {RAN}"),
    "a mask": controlled(UNIT, verb="mask"),
    "a signal that is a command": controlled(UNIT, verb="kill", signal=f"$(touch {RAN})"),
    "a signal that is none": controlled(UNIT, verb="kill", signal="99"),
    "a unit of the system": controlled("ssh.service"),
    "one of both": controlled(UNIT, "ssh.service"),
    "an option": controlled("--root=/tmp"),
    "an option like a unit": controlled("-Hevil@host.service"),
    "a pattern": controlled("quantum-*.service"),
    "a template": controlled("quantum-worker@.service"),
    "a path": controlled("/tmp/quantum-x.service"),
    "a command": controlled(f"quantum-x.service;touch {RAN}"),
    "a unit that was never deployed": controlled(STRAY),
    "the same by hand": control("start", f"{STRAY}\n"),
    "no unit": controlled(),
    "cut off": asked("control", b"restart\n0"),
    "nothing": asked("control", b""),
    "a login of one's own": controlled(UNIT, members='"by":"x","login":"root"'),
    "a record that ends early": controlled(UNIT, members='"by":"x"}\n{"event":"put"'),
    "a field of the host": controlled(UNIT, fields="DEPLOY_LOGIN=root"),
    "a field of the journal": controlled(UNIT, fields="_UID=0"),
    "too much": asked("control", b"restart\n" * 30000),
}
"""Of the verb that qtctl itself uses. Each is refused before any part of it is done."""
QUESTIONS = {
    "a function that is none": evidence(("eval", "id")),
    "the shell": evidence(("program", "0", "sh", "-c", "id")),
    "find with an action": evidence(("program", "0", "find", "/etc/hosts", "-exec", "id", ";")),
    "find with a path of its own": evidence(("program", "0", "find", "-exec", "-maxdepth", "0", "-printf", "x")),
    "getent with an option": evidence(("program", "0", "getent", "passwd", "-s", "x")),
    "a number with more": evidence(("program", f"0;touch {RAN}", "true")),
    "a tool that is a command": evidence(("show_host",), tools=(f"$(touch {RAN})",)),
    "a unit that is an option": evidence(("show_places", "--root=/tmp")),
    "a path that is none": evidence(("check_writable", "etc/hosts")),
    "a name of the helper's own": evidence(("helper_control", "stop")),
    "no marker": calls("evidence", ("command",), ("show_host",)),
    "a marker that ends": calls("evidence", ("marker", f"x;touch {RAN};aaaaaaaaaaaaaa"), ("command",), ("show_host",)),
    "a call outside": calls("evidence", MARKER, ("show_host",)),
    "a script": Attack(f"sudo -n {HELPER} evidence", f"#!/bin/sh\ntouch {RAN}\n".encode()),
    "a script behind a head": asked("evidence", f"touch {RAN}\n".encode()),
    "no size": headed("evidence", "x"),
    "a size that is huge": headed("read", "9999999999"),
    "a file of root's": calls("read", ("read_current", "/etc/shadow")),
    "a file of root's behind a folder": calls("read", ("read_current", "/etc/systemd/system/../../shadow")),
    "a unit of the system": calls("read", ("read_current", "/etc/systemd/system/ssh.service")),
    "a journal of the system": calls("read", ("show_last_lines", "ssh.service")),
    "a generation that is a path": calls("read", ("fetch_generation", "../..")),
    "evidence as a look": calls("read", ("eval", "id")),
    "a transaction's path": calls("transaction", ("report", "../../../tmp/evil", "0")),
    "a transaction's command": calls("transaction", ("report", f"1;touch {RAN}", "0")),
    "no verb of a caller's": calls("transaction", ("run", "1")),
    "the boot": calls("transaction", ("boot", "1")),
    "a number": calls("transaction", ("hold", "1", f"a[$(touch {RAN})]")),
}
"""Each is refused before any part of it is done."""
QUOTED = {
    "a quote": evidence(("check_writable", f"/'; touch {RAN}; '")),
    "a substitution": evidence(("check_writable", f"/$(touch {RAN})`touch {RAN}`")),
    "a line break": evidence(("find_entries", f"\ntouch {RAN}\n", "", "", "")),
    "a backslash": evidence(("show_properties", f"\\'; touch {RAN}; \\'", "Id")),
    "a check": evidence(("run_check", "2", "100", "/usr/bin/id", "-u")),
    "a line of shadow": evidence(("has_line", "/etc/shadow", "root")),
}


def test_units_outside_the_fleet_and_questions_of_ones_own_are_refused(prepared: Box) -> None:
    before = prepared.sh(STATE)
    asked_before = prepared.sh("systemctl show -p ActiveEnterTimestampMonotonic ssh.service quantum-core.target")
    controls = run_all(prepared, OUTSIDE)
    questions = run_all(prepared, QUESTIONS, held=True)
    assert {name for name, each in controls.items() if each.code != 65} == set()
    odd = {name: each for name, each in questions.items() if each.code == 0 or "qtctl-helper: " not in each.err}
    assert odd == {}
    assert not any("root:" in each.out or "uid=0" in each.out for each in questions.values())
    quoted = run_all(prepared, QUOTED, held=True)
    assert {name: each.code for name, each in quoted.items()} == dict.fromkeys(QUOTED, 0)
    assert quoted["a check"].out.split("\n")[2] != "0", "a registry's own check never runs as root"
    assert "cannot be read by this account" in quoted["a line of shadow"].err
    assert not prepared.succeeds(f"test -e {RAN}")
    assert prepared.sh(STATE) == before
    after = prepared.sh("systemctl show -p ActiveEnterTimestampMonotonic ssh.service quantum-core.target")
    assert after == asked_before


def test_units_are_controlled_only_if_they_were_deployed_and_only_by_its_verbs(prepared: Box) -> None:
    file = f"/run/systemd/system/{STRAY}"
    prepared.sh(f"printf '[Service]\\nExecStart=/bin/touch {RAN}\\n' >{file}; systemctl daemon-reload")
    state = f"systemctl show -p ActiveEnterTimestampMonotonic ssh.service {UNIT}; tail -n 1 {BASE}/trail"
    before = prepared.sh(state)
    try:
        ran = run_all(prepared, CONTROLLED)
    finally:
        prepared.sh(f"rm {file}; systemctl daemon-reload")
    assert {name for name, each in ran.items() if each.code != 65 or "qtctl-helper: " not in each.err} == set()
    assert not prepared.succeeds(f"test -e {RAN}")
    assert prepared.sh(state) == before


def test_a_deployed_service_is_restarted_without_any_other_right(prepared: Box) -> None:
    restarted = qtctl(
        "restart", "ai-engine", "--host", prepared.name, "--yes", "--reason", "by ops", "--format", "json"
    )
    assert restarted.code == 0, restarted.err
    assert restarted.json()["hosts"][0]["results"][0]["result"] == "done"
    assert '"reason":"by ops"' in prepared.sh(f"tail -n 1 {BASE}/trail")


CANARY = "canary0f8a1b"
SECRETS, KEY, DIGESTED = "/etc/quantum/x.secret.env", "/etc/quantum/x.key", "/etc/quantum/x.env"
READING = ("-maxdepth", "0", "-type", "f", "-readable", "-size")
OBJECT = "aa" + "b" * 38


def digest_of(path: str) -> Attack:
    return evidence(("program", "10", "find", path, *READING, "-16385k", "-exec", "sha256sum", "-z", "--", "{}", "+"))


PRYING = {
    "a secrets file": calls("read", ("read_current", SECRETS)),
    "a file of a secret": calls("read", ("read_current", KEY)),
    "a secrets file behind a link": calls("read", ("read_current", f"{EVIL}/link")),
    "its digest": digest_of(SECRETS),
    "a digest of shadow": digest_of("/etc/shadow"),
    "a digest of root's": digest_of("/root/secret"),
    "a digest behind another's": evidence(
        ("program", "9", "find", DIGESTED, SECRETS, *READING, "-16385k", "-exec", "sha256sum", "-z", "--", "{}", "+")
    ),
    "the digest of a value": evidence(("read_env_files", "nonce", SECRETS, " TOKEN ", "")),
    "the digest of a value of root's": evidence(("read_env_files", "nonce", "/root/secret", " TOKEN ", "")),
    "its id of git": evidence(("hash_contents", "/etc/quantum", "32", "x.secret.env")),
    "its id of git, a way back": evidence(("hash_contents", "/tmp", "32", "../etc/quantum/x.secret.env")),
    "an object of git": evidence(("checkouts", f"{EVIL}/repo")),
    "a line that looks like a name": evidence(("keys", KEY, " TOKEN ")),
    "a marked file beside it": evidence(("generated", EVIL)),
    "a folder of folders": evidence(("generated", "/etc")),
}


def test_no_secret_and_no_digest_of_one_is_told(prepared: Box) -> None:
    """An account that may only look learns none, whatever it asks."""
    value = f"TOKEN={CANARY}\n"
    prepared.sh(
        f"umask 077; for each in {SECRETS} /root/secret; do printf 'TOKEN={CANARY}\\n' >$each; done\n"
        f"printf '{CANARY}=\\n' >{KEY}; printf '# Generated by qtctl: x\\nTOKEN=plain\\n' >{DIGESTED}\n"
        f"mkdir -p {EVIL}/repo/.git/objects/aa {EVIL}/repo/.git/refs; cd {EVIL}/repo/.git\n"
        f"echo {OBJECT} >HEAD; ln -s {SECRETS} objects/aa/{OBJECT[2:]}; ln -s {SECRETS} {EVIL}/link\n"
        f"printf '# Generated by qtctl: x\\n' >{EVIL}/marked; chmod -R a+rX {EVIL}; chown -R ops {EVIL}/repo"
    )
    try:
        ran = run_all(prepared, PRYING, held=True)
        good = run_all(prepared, {"one": digest_of(DIGESTED), "world": digest_of("/etc/hostname")}, held=True)
    finally:
        prepared.sh(f"rm -rf {SECRETS} {KEY} {DIGESTED} /root/secret {EVIL}/*")
    told = {name: f"{each.out}{each.err}" for name, each in ran.items()}
    odd = {name: text for name, text in told.items() if any(each in text for each in spellings(value))}
    assert odd == {}
    one_each = {name: len(re.findall("[0-9a-f]{64}  ?/", each.out)) for name, each in good.items()}
    assert one_each == {"one": 1, "world": 1}
    shadow = told["a digest of shadow"] + told["a digest of root's"]
    assert not re.search("[0-9a-f]{64}", shadow), shadow


def spellings(text: str) -> list[str]:
    """The secret, and every digest of it: guesses could be compared with one."""
    whole, value = text.encode(), text.split("=")[1].strip()
    digests = (hashlib.sha256(each).hexdigest() for each in (whole, f"nonce{value}\n".encode()))
    blobs = (f"blob {size}\0".encode() + whole for size in (len(whole), 32))
    ids = (hashlib.sha1(each, usedforsecurity=False).hexdigest() for each in blobs)
    return [CANARY, base64.b64encode(whole).decode(), *digests, *ids]


STAGED = {
    "sudoers": written("/etc/sudoers.d/evil"),
    "a unit of the system": written("/etc/systemd/system/ssh.service"),
    "a drop-in of the system": written("/etc/systemd/system/ssh.service.d/x.conf"),
    "a drop-in of all": written("/etc/systemd/system/service.d/x.conf"),
    "a link by hand": written("/etc/systemd/system/multi-user.target.wants/quantum-x.service"),
    "a path back": written("/etc/systemd/system/quantum-x.service/../../passwd"),
    "a path back in the folder": written("/etc/quantum/../shadow"),
    "a folder that begins alike": written("/etc/quantum-evil/x"),
    "a relative path": written("etc/quantum/x.env"),
    "setuid": written("/etc/quantum/x.env", mode="4755"),
    "an owner that is an option": written("/etc/quantum/x.env", owner="--reference=/etc/shadow"),
    "a digest that is none": staged("0 write /etc/quantum/x.env absent ../../../../etc/shadow root:root 0644 no"),
    "a step that is none": staged("0 exec /bin/sh - - - - no"),
    "a number that is a path": staged("../x write /etc/quantum/x.env absent - root:root 0644 no"),
    "enabling another unit": staged("0 enable ssh.service - - - - no"),
    "stopping another unit": staged("0 stop ssh.service - - - - no"),
    "a unit that is an option": staged("0 start --now - - - - no"),
    "units that are options": staged(units=b"--help\n"),
    "a word that is a path": staged(word=b"../../../../tmp/x\n"),
    "a limit that is a command": staged(limit=f"1;touch {RAN}\n".encode()),
    "a unit of the system through a link": staged(
        "0 link /etc/systemd/system/ssh.service absent link:/etc/systemd/system/quantum-core.target - - no"
    ),
    "a link to elsewhere": staged("0 link /etc/systemd/system/quantum-x.service absent link:/tmp/evil/x - - no"),
    "a link to a unit of the system": staged(
        "0 link /etc/systemd/system/quantum-x.service absent link:../ssh.service - - no"
    ),
    "a folder of another's": staged("0 folder /etc/systemd/system/ssh.service.d absent - root:root 0755 no"),
    "a folder for others": staged(f"0 folder /etc/systemd/system/{UNIT}.d absent - root:root 0777 no"),
    "a folder given away": staged(f"0 folder /etc/systemd/system/{UNIT}.d absent - ops:ops 0755 no"),
    "a stamp of the system": staged(f"0 write {STAMPS}/stamp-apt-daily.timer absent {EMPTY} root:root 0644 at:1"),
    "a stamp that says something": written(f"{STAMPS}/stamp-quantum-x.timer"),
    "a time that is none": staged(f"0 write {STAMPS}/stamp-quantum-x.timer absent {EMPTY} root:root 0644 at:$(id)"),
    "a container of another's": staged(f"0 stop-container db {'b' * 64} - - - no"),
    "a container that is an option": staged("0 stop-container db --help - - - no"),
    "an event of the host's own": staged(trail=b'"event":"confirmed"\n'),
    "a field of the host's own": staged(fields=b"DEPLOY_EVENT=confirmed\n"),
    "a script of its own": staged(**{"transaction.sh": f"touch {RAN}\n".encode()}),
    "a script in its contents": staged(**{"content/transaction.sh": f"touch {RAN}\n".encode()}),
    "a login of its own": staged(fields=b"DEPLOY_BY=x\nDEPLOY_LOGIN=root\n"),
    "a login of its own in the trail": staged(trail=b'"login":"root"\n'),
    "a login of its own, spelled otherwise": staged(trail=b'"log\\u0069n":"root"\n'),
    "an event of its own": staged(trail=b'"by":"x","event":"confirmed"\n'),
    "a generation of its own": staged(trail=b'"generation":"9"\n'),
    "a record that nobody can read": staged(trail=b'"by":"\n'),
    "a record that ends before": staged(trail=b'"by":"x"},{"by":"y"\n'),
    "an event of its own for the journal": staged(fields=b"DEPLOY_BY=x\nDEPLOY_EVENT=confirmed\n"),
    "a long word": staged(about=b"by " + b"x" * 30000 + b"\n"),
    "a message of its own": staged(fields=b"MESSAGE=all is well\n"),
    "another file": staged(**{"../outcome": b"x"}),
    "files of root's": staged(files=b"/etc/shadow\t" + b"a" * 64 + b"\troot:root\t0644\n"),
    "a link": asked("stage", archive({**WHOLE, "content/0": b"x"}, entry("content", tarfile.SYMTYPE, "/etc"))),
    "a link in it": asked("stage", archive(WHOLE, entry("content/0", tarfile.SYMTYPE, "/etc/shadow"))),
    "a hard link": asked("stage", archive(WHOLE, entry("content/0", tarfile.LNKTYPE, "/etc/shadow"))),
    "a hard link inside": asked("stage", archive(WHOLE, entry("about", tarfile.LNKTYPE, "word"))),
    "a device": asked("stage", archive(WHOLE, entry("content/0", tarfile.CHRTYPE))),
    "a pipe": asked("stage", archive(WHOLE, entry("content/0", tarfile.FIFOTYPE))),
    "an absolute path": asked("stage", archive({**WHOLE, "/etc/sudoers.d/evil": b"ops ALL=(ALL) NOPASSWD: ALL\n"})),
    "no archive": asked("stage", b"x" * 2000),
    "nothing": asked("stage", b""),
}  # fmt: skip


def test_a_deploy_that_is_none_is_refused_and_leaves_nothing(prepared: Box) -> None:
    """But the folder of deploys itself, which the first of all requests makes."""
    run_all(prepared, {"nothing": STAGED["nothing"]})
    before = prepared.sh(STATE)
    ran = run_all(prepared, STAGED)
    assert {name: each for name, each in ran.items() if "qtctl refused" not in each.out or "armed" in each.out} == {}
    assert not prepared.succeeds(f"test -e {RAN} || test -e /etc/sudoers.d/evil")
    assert prepared.sh(STATE) == before
    assert prepared.sh(f"ls {BASE}/tx; find /etc -name '.qtctl-*'").split() == []


SECRET = "/etc/quantum/ai-engine.secret.env"
BLOCK = "A" * 4


def put(path: str, key: str = "K", value: str = BLOCK, whose: str = '"by":"me"', fields: str = "") -> Attack:
    return asked("secrets", "\n".join(("put", f"{path}\t{key}", value, whose, fields)).encode())


def stored(*these: Call, archive: bytes = b"") -> Attack:
    return asked("store", "".join("\t".join(call) + "\n" for call in these).encode() + b"\n" + archive)


ENTRY = "c" * 64
MORE = {
    "a secret elsewhere": put("/etc/shadow"),
    "a secret in a unit": put(f"/etc/systemd/system/{UNIT}"),
    "a path back": put("/etc/quantum/../shadow"),
    "a key that is an option": put(SECRET, key="-v"),
    "a key that is a command": put(SECRET, key=f"$(touch {RAN})"),
    "a value that is none": put(SECRET, value=f"';touch {RAN};'"),
    "no value": put(SECRET, value=""),
    "a login of its own": put(SECRET, whose='"login":"root"'),
    "an event of its own": put(SECRET, whose='"event":"confirmed"'),
    "a field that is a message": put(SECRET, fields="MESSAGE=all is well"),
    "a login in the journal": put(SECRET, fields="DEPLOY_LOGIN=root"),
    "a word of its own": asked("secrets", b"exec\nid\n"),
    "secrets of root's": asked("secrets", b"find\n/etc/shadow\t-\n"),
    "a key with a quote": asked("secrets", f"find\n{SECRET}\t';id;'\n".encode()),
    "a secret as a file": calls("read", ("read_current", SECRET)),
    "folders of root's": calls("read", ("list_installed", "/root", "--")),
    "an option of find": calls("read", ("list_installed", "-exec", "--")),
    "a store without a call": stored(),
    "a call of its own": stored(("put_in_store", ENTRY)),
    "a call behind": stored(("list_missing", ENTRY), ("clear_build",)),
    "a digest that is a path": stored(("install_code", "../../../tmp/evil")),
    "a dropped path": stored(("drop_entry", "../../../etc")),
    "an interpreter that is a command": stored(("install_venv", ENTRY, f"/bin/sh -c id>{RAN}", "wheels", "sent", "9")),
    "an import as root": stored(("begin_imports",), ("try_import", "quantum-ai-engine.service", "root", "-", "-",
                                 "/usr/bin/python3", "5", "0", "--", "script", "/tmp/x.py"), archive=archive({})),
    "an archive with a link": stored(
        ("begin_imports",), archive=archive({}, entry("envs-0", tarfile.SYMTYPE, "/etc/shadow"))
    ),
}  # fmt: skip
"""Attacks on secrets, backups and the store."""


def test_secrets_backups_and_the_store_are_no_way_to_more(prepared: Box) -> None:
    state = f"{STATE}; sha256sum {SECRET}; ls -A /opt/qtctl"
    run_all(prepared, {"the store's folders": stored(("list_missing", ENTRY))})
    before = prepared.sh(state)
    ran = run_all(prepared, MORE)
    assert {name: each for name, each in ran.items() if each.code == 0} == {}
    assert not any("root:" in each.out or "uid=0" in each.out for each in ran.values())
    assert not prepared.succeeds(f"test -e {RAN}")
    assert prepared.sh(state) == before
    prepared.sh("rm -rf /opt/qtctl/store /opt/qtctl/build /opt/qtctl/lock")


@pytest.mark.skipif(os.environ.get("QTCTL_PREPARE") != "all", reason="a restore takes 20 s: QTCTL_PREPARE=all")
def test_a_backup_is_restored_by_the_helper_alone(prepared: Box, tmp_path: Path) -> None:
    file = str(tmp_path / "before.qtbackup")
    assert qtctl("backup", "take", "--host", prepared.name, "--out", file).code == 0
    prepared.sh(f"mkdir -p {UNITS}/{UNIT}.d; echo '[Unit]' >{UNITS}/{UNIT}.d/hand.conf; rm {UNITS}/{UNIT}")
    prepared.sh(f"ln -s /dev/null {UNITS}/{UNIT}; touch -d @1 {STAMPS}/stamp-quantum-contract-check.timer")
    env = {"XDG_STATE_HOME": str(tmp_path)}
    back = qtctl("backup", "restore", file, "--host", prepared.name, "--yes", "--steady", "1", env=env)
    assert back.code == 0, back.err
    assert not prepared.succeeds(f"test -e {UNITS}/{UNIT}.d || test -L {UNITS}/{UNIT}")
    deployed = qtctl(*DEPLOY)
    assert deployed.code == 0, deployed.err


def test_what_the_helper_is_for_works_without_any_other_right(prepared: Box, tmp_path: Path) -> None:
    ran = run_all(prepared, {verb: control(verb, f"{UNIT}\n") for verb in CONTROL})
    log = prepared.sh("journalctl -t qtctl-helper -o cat")
    for verb in CONTROL:
        # A target cannot be reloaded, and has no process that could get a signal: systemd itself says so.
        assert ran[verb].code == 0 or (verb in ("reload", "kill") and "qtctl-helper" not in ran[verb].err), ran[verb]
        assert f"{verb} {UNIT}" in log
    prepared.sh(f"systemctl start {UNIT}")
    audited = prepared.audit("--user", "ops", "--become")
    assert audited.code == 0, audited.out[-2000:]
    assert qtctl("secrets", "status", "--host", prepared.name).code == 0
    prepared.sh("sed -i s/=lab/=old-lab/ /etc/quantum/rl-monitor.secret.env")
    put_there = qtctl(
        "secrets", "put", "rl-monitor/DISCORD_WEBHOOK_URL", "--host", prepared.name, stdin="lab-placeholder"
    )
    assert put_there.code == 0, put_there.err
    assert '"login":"ops"' in prepared.sh(f"tail -n 1 {BASE}/trail")
    taken = qtctl("backup", "take", "--host", prepared.name, "--out", str(tmp_path / "now.qtbackup"))
    assert taken.code == 0, taken.err
    assert "there is no unfinished deploy" in qtctl("recover", "--host", prepared.name).out
    prepared.sh(f"echo x >{BASE}/tx/gating")
    damaged = qtctl("recover", "--host", prepared.name)
    assert (damaged.code, "does not name its generation" in damaged.err) == (4, True)
    assert qtctl("recover", "--host", prepared.name, "--accept").code == 0
    prepared.sh("sed -i '$a# by hand' /etc/systemd/system/quantum-core.target")
    deployed = qtctl(*DEPLOY, "--take-over")
    assert deployed.json()["status"] == "deployed", deployed.out
    assert "1970" not in qtctl("generations", "--host", prepared.name, "--format", "json").out
    # Its secrets file has been written: without root, an audit can only go by the times of files.
    prepared.sh("systemctl restart quantum-rl-monitor.service")
