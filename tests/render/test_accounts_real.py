"""The proof of the columns: systemd-sysusers and systemd-tmpfiles of a real host make what is declared, however odd.

Of this machine's own suite; others (bullseye: systemd 247, trixie: 257) by QTCTL_TEST_SUITE.
"""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd import sysusers, tmpfiles
from qtctl.dialects.systemd.sysusers import Kind
from qtctl.errors import InputError
from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.desired import Desired
from qtctl.model.tree import Tree
from qtctl.render.render import render
from tests.builders.rendered import desired, shipped
from tests.render.test_accounts import account, folder

pytestmark = pytest.mark.lab

HOST = "usertest1"
USERS_CONF, FOLDERS_CONF = "/etc/sysusers.d/fleet.conf", "/etc/tmpfiles.d/fleet.conf"
SAY = """
import grp, json, os, pwd, sys
told = json.load(sys.stdin)
users = {}
for name in told["users"]:
    at = pwd.getpwnam(name)
    users[name] = [at.pw_gecos, at.pw_dir, at.pw_shell, grp.getgrgid(at.pw_gid).gr_name]
folders = {}
for path in told["folders"]:
    at = os.lstat(path)
    mode = f"{at.st_mode & 0o7777:04o}"
    folders[path] = [mode, pwd.getpwuid(at.st_uid).pw_name, grp.getgrgid(at.st_gid).gr_name, os.path.isdir(path)]
print(json.dumps({"users": users, "folders": folders}))
"""
CLEAN = f"""
kept=/root/kept-accounts
[ -d $kept ] || {{ mkdir $kept; cp -p /etc/passwd /etc/group /etc/shadow /etc/gshadow $kept; }}
cp -p $kept/* /etc
rm -rf /srv/* {USERS_CONF} {FOLDERS_CONF}
mkdir -p /etc/sysusers.d
tar -C / -x
"""
ODD = st.text(
    alphabet=st.one_of(
        st.sampled_from(" %%%\"\"''\\\\$#;:-~*?[]{}=,.!|&\u00fc\u2028\u202e\ufeff\U0001f600"),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"),
    ),
    min_size=1,
    max_size=12,
)
PROVEN: list[str] = []
MADE_AT_LEAST = 300
SHELL = "/bin/sh"


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    lab.up([HOST], Tree(), stands_for="one", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
    try:
        yield HOST
    finally:
        lab.down([HOST])


def run(host: str, script: str, stdin: bytes = b"") -> bytes:
    done = lab.execute(host, ["sh", "-euc", script], stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def packed(rendered: Desired) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for made in rendered.files:
            entry = tarfile.TarInfo(made.path.lstrip("/"))
            entry.size, entry.mode = len(made.content), 0o644
            tar.addfile(entry, io.BytesIO(made.content))
    return out.getvalue()


def why_not(write: Callable[[], str]) -> str:
    """Why no line can say it, or ''."""
    try:
        write()
    except InputError as error:
        return error.what
    return ""


def sayable(texts: list[str]) -> tuple[list[str], list[str]]:
    """Those that can be a comment, and those that can be a part of a path; the rest must be refused for a reason."""
    comments, parts = [], []
    for text in texts:
        comment = why_not(partial(sysusers.write, sysusers.Entry(Kind.USER, "x", "", text)))
        part = why_not(partial(tmpfiles.write, tmpfiles.Entry(f"/srv/{text}", "0755", "root", "root")))
        assert not comment or ":" in text or text == "-" or "character" in comment
        assert not part or text in (".", "..") or "character" in part
        comments += [] if comment else [text]
        parts += [] if part else [text]
    return comments, parts


@settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(st.lists(ODD, min_size=30, max_size=40, unique=True))
def check_odd_texts(host: str, texts: list[str]) -> None:
    comments, parts = sayable(texts)
    homes = [f"/srv/{part}" for part in parts if ":" not in part]
    accounts = tuple(
        account(f"test{at}", summary=text, home=homes[at % len(homes)], group="test" if at % 2 else f"test{at}")
        for at, text in enumerate(comments)
    )
    modes = ("0755", "2750", "1777")
    folders = tuple(
        folder(f"/srv/{part}", mode=modes[at % 3], user="test0", group="test0", age="30d" if at % 2 else "")
        for at, part in enumerate(sorted(parts))
    )
    rendered = render(desired(accounts=accounts, folders=folders), shipped())
    run(host, CLEAN, packed(rendered))
    for _ in range(2):
        run(host, f"systemd-sysusers {USERS_CONF} && systemd-tmpfiles --create {FOLDERS_CONF}")
    asked = {"users": [each.name for each in accounts], "folders": [each.path for each in folders]}
    said: dict[str, Any] = json.loads(run(host, f"python3 -c '{SAY}'", json.dumps(asked).encode()))
    for each in accounts:
        gecos, home, _, group = said["users"][each.name]
        assert (gecos, home, group) == (each.summary, each.home, each.group)
    for made in folders:
        assert said["folders"][made.path] == [made.mode, made.user, made.group, True]
    PROVEN.extend([*comments, *parts])


def test_odd_texts(host: str) -> None:
    check_odd_texts(host)
    assert len(PROVEN) >= MADE_AT_LEAST


def test_numbers_groups_and_memberships(host: str) -> None:
    accounts = (
        account("testa", gid=60123, groups=("adm", "testnew")),
        account("testb", uid=60200, group="testa", shell=SHELL),
        account("testc", uid=60300),
    )
    run(host, CLEAN, packed(render(desired(accounts=accounts), shipped())))
    run(host, f"systemd-sysusers {USERS_CONF}")
    assert run(host, "for user in testa testb testc; do id $user; done; getent passwd testb testc").decode() == (
        f"uid={(own := int(run(host, 'id -u testa')))}(testa) gid=60123(testa) "
        f"groups=60123(testa),4(adm),{int(run(host, 'getent group testnew | cut -d: -f3'))}(testnew)\n"
        "uid=60200(testb) gid=60123(testa) groups=60123(testa)\n"
        "uid=60300(testc) gid=60300(testc) groups=60300(testc)\n"
        "testb:x:60200:60123:testb:/:/bin/sh\n"
        "testc:x:60300:60300:testc:/:/usr/sbin/nologin\n"
    )
    assert own > 0


def test_what_is_there_stays_as_it_is(host: str) -> None:
    """Why a deploy refuses: the tool ends well, and nothing has changed."""
    run(host, CLEAN, packed(render(desired(accounts=(account("testz", home="/srv"),)), shipped())))
    run(host, f"useradd -M -d /elsewhere -s /bin/sh testz && systemd-sysusers {USERS_CONF}")
    assert run(host, "getent passwd testz | cut -d: -f6,7").decode() == "/elsewhere:/bin/sh\n"
