"""Accounts, folders and the hosts file: what is missing becomes steps, what no tool can repair is in the way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from qtctl.dialects.hosts import PATH, replace_block
from qtctl.model.account_facts import Account, Group
from qtctl.model.desired import Desired
from qtctl.model.desired_accounts import DesiredAccount, DesiredFolder, DesiredHosts
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need, State
from qtctl.model.facts import File
from qtctl.model.origin import Origin
from qtctl.model.plan import StepKind
from tests.builders.planned import BEFORE, Ground, deployed, desired, digest, service

A, F, H = "/etc/sysusers.d/quantum.conf", "/etc/tmpfiles.d/quantum.conf", "/etc/hosts"
ORIGIN = Origin("users.toml")
LOCAL = b"127.0.0.1 localhost\n"


def account(name: str = "qt", **changes: Any) -> DesiredAccount:
    plain = DesiredAccount(name, "x", None, name, None, (), "", "", ORIGIN)
    return replace(plain, **changes)


def folder(path: str = "/srv/a", **changes: Any) -> DesiredFolder:
    return replace(DesiredFolder(path, "0755", "qt", "qt", "", ORIGIN), **changes)


def names(*aliases: tuple[str, tuple[str, ...]]) -> DesiredHosts:
    return DesiredHosts(aliases, False, ORIGIN)


def file(path: str, kind: str) -> DesiredFile:
    return DesiredFile(path, b"x", "0644", "root", "root", digest(b"x"), kind, path, ORIGIN)


QT = account(groups=("adm",))
WANTED = replace(
    desired(service("a")),
    accounts=(QT,),
    folders=(folder(),),
    hosts_file=names(("127.0.0.1", ("redis",))),
)
WANTED = replace(WANTED, files=(*WANTED.files, file(A, "sysusers"), file(F, "tmpfiles")))


def user(ground: Ground, name: str, *values: Any, key: str = "") -> None:
    """Without values: no such user. `key`: the number by which it is asked for."""
    ground.accounts.pop(key or name, None)
    if values:
        ground.accounts[key or name] = Account(name, *values)


def group(ground: Ground, name: str, *values: Any, key: str = "") -> None:
    ground.groups.pop(key or name, None)
    if values:
        ground.groups[key or name] = Group(name, *values)


def hosts(ground: Ground, content: bytes) -> None:
    ground.put(PATH, content, ours=False)


def whole() -> Ground:
    """A host that is as declared."""
    ground = deployed(desired(service("a")))
    for path in (A, F):
        ground.put(path, b"x", ours=True)
    user(ground, "qt", 1001, 1001, "/home/qt", "/bin/sh")
    group(ground, "qt", 1001, [])
    group(ground, "adm", 4, ["qt"])
    ground.files["/srv/a"] = File("dir", "0755", "qt", "qt", 1, BEFORE)
    hosts(ground, replace_block(LOCAL, "quantum", ("127.0.0.1 redis",)))
    return ground


Change = Callable[[Ground], object]


@dataclass(frozen=True)
class Case:
    name: str
    after: Change
    steps: tuple[tuple[StepKind, str, str], ...]
    wanted: Desired = WANTED


def nothing(_ground: Ground) -> None:
    return


def other_content(path: str) -> Change:
    return lambda ground: ground.put(path, b"old", ours=True)


CASES = (
    Case("as declared", nothing, ()),
    Case("no account", lambda ground: user(ground, "qt"), ((StepKind.SYSUSERS, A, "no account qt"),)),
    Case(
        "not in a group",
        lambda ground: group(ground, "adm", 4, []),
        ((StepKind.SYSUSERS, A, "qt is not in adm"),),
    ),
    Case("no such group", lambda ground: group(ground, "adm"), ((StepKind.SYSUSERS, A, "qt is not in adm"),)),
    Case(
        "the file of accounts changes",
        other_content(A),
        ((StepKind.WRITE, A, "content differs"), (StepKind.SYSUSERS, A, "the file changes")),
    ),
    Case("no folder", lambda ground: ground.files.pop("/srv/a"), ((StepKind.TMPFILES, F, "no folder /srv/a"),)),
    Case(
        "another mode",
        lambda ground: ground.change_file("/srv/a", mode="0700"),
        ((StepKind.TMPFILES, F, "/srv/a has mode 0700, declared 0755"),),
    ),
    Case(
        "another owner",
        lambda ground: ground.change_file("/srv/a", owner="root"),
        ((StepKind.TMPFILES, F, "/srv/a is root:qt's, declared qt:qt"),),
    ),
    Case(
        "the file of folders is gone, and a folder too",
        lambda ground: (ground.files.pop(F), ground.files.pop("/srv/a")),
        ((StepKind.WRITE, F, "not on the host"), (StepKind.TMPFILES, F, "the file changes; no folder /srv/a")),
    ),
    Case("no block", lambda ground: hosts(ground, LOCAL), ((StepKind.WRITE, H, "no block with the fleet's names"),)),
    Case(
        "another block",
        lambda ground: hosts(ground, replace_block(LOCAL, "quantum", ("127.0.0.1 old",))),
        ((StepKind.WRITE, H, "the block with the fleet's names differs"),),
    ),
    Case(
        "no names any more",
        nothing,
        ((StepKind.WRITE, H, "the block with the fleet's names is removed"),),
        replace(WANTED, hosts_file=names()),
    ),
    Case("the file is left alone", nothing, (), replace(WANTED, hosts_file=None)),
    Case(
        "the same name by hand, with the same address",
        lambda ground: hosts(ground, replace_block(b"127.0.0.1 Redis\n", "quantum", ("127.0.0.1 redis",))),
        (),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_steps(case: Case) -> None:
    ground = whole()
    case.after(ground)
    planned = ground.plan(case.wanted)
    assert planned.refusals == ()
    assert tuple((step.kind, step.subject, step.reason) for step in planned.steps) == case.steps


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_applied_plan_leaves_nothing_to_do(case: Case) -> None:
    ground = whole()
    case.after(ground)
    ground.apply(ground.plan(case.wanted), case.wanted)
    assert ground.plan(case.wanted).steps == ()


def test_files_then_accounts_then_folders_then_reload() -> None:
    ground = Ground()
    hosts(ground, LOCAL)
    kinds = [step.kind for step in ground.plan(WANTED).steps]
    order = [StepKind.WRITE, StepKind.SYSUSERS, StepKind.TMPFILES, StepKind.ENABLE, StepKind.RELOAD, StepKind.START]
    assert list(dict.fromkeys(kinds)) == order


def test_the_rest_of_the_hosts_file_stays() -> None:
    ground = whole()
    odd = b"\xff odd\r\n10.0.0.1 db"
    hosts(ground, odd)
    ground.change_file(PATH, mode="0640", group="adm")
    (step,) = ground.plan(WANTED).steps
    assert step.file is not None
    assert step.file.content.startswith(odd + b"\n# BEGIN qtctl quantum")
    assert (step.file.mode, step.file.owner, step.file.group) == ("0640", "root", "adm")
    assert step.seen == f"sha256:{digest(odd)}"
    assert "+127.0.0.1 redis" in step.diff


def test_a_host_without_a_hosts_file_gets_one() -> None:
    ground = whole()
    del ground.files[PATH]
    (step,) = ground.plan(WANTED).steps
    assert (step.seen, step.file and step.file.mode, step.diff) == ("absent", "0644", "")


def another_gid(ground: Ground) -> None:
    group(ground, "qt", 5, [])
    user(ground, "qt")


def changed_meanwhile(ground: Ground) -> None:
    ground.contents[H] = LOCAL


OBSTACLES: dict[str, tuple[Change, str, str]] = {
    "another home": (
        lambda ground: user(ground, "qt", 1001, 1001, "/srv", "/bin/sh"),
        "qt",
        "its home is /srv, declared /home/qt",
    ),
    "another first group": (
        lambda ground: user(ground, "qt", 1001, 100, "/home/qt", "/bin/sh"),
        "qt",
        "its first group is gid 100, declared qt",
    ),
    "another uid": (
        lambda ground: user(ground, "qt", 900, 1001, "/home/qt", "/bin/sh"),
        "qt",
        "its uid is 900, declared 1001",
    ),
    "a uid that is taken": (
        lambda ground: user(ground, "ann", 1001, 100, "/", "/bin/sh", key="1001"),
        "qt",
        "uid 1001 is ann's on the host",
    ),
    "a gid that is taken": (
        lambda ground: group(ground, "ann", 1001, [], key="1001"),
        "qt",
        "gid 1001 is that of ann on the host",
    ),
    "another gid": (
        another_gid,
        "qt",
        "the group qt has gid 5, declared 1001",
    ),
    "a link": (
        lambda ground: ground.files.update({"/srv/a": File("link", "0777", "root", "root", 1, BEFORE, "/mnt")}),
        "/srv/a",
        "a link to /mnt",
    ),
    "a file": (
        lambda ground: ground.files.update({"/srv/a": File("file", "0644", "root", "root", 1, BEFORE)}),
        "/srv/a",
        "not a folder",
    ),
    "a name with another address": (
        lambda ground: hosts(ground, b"10.0.0.9 REDIS\n"),
        H,
        "redis is 10.0.0.9 in a line of its own, declared 127.0.0.1",
    ),
    "broken marks": (lambda ground: hosts(ground, b"# END qtctl quantum\n"), H, "are not there once each"),
    "no regular file": (
        lambda ground: ground.files.update({H: File("link", "0777", "root", "root", 1, BEFORE, "/x")}),
        H,
        "not a regular file",
    ),
    "a hosts file that changes meanwhile": (
        changed_meanwhile,
        H,
        "it changed while it was read",
    ),
    "a hosts file that cannot be read": (
        lambda ground: ground.contents.pop(H),
        H,
        "its current content could not be read",
    ),
}
STRICT = replace(WANTED, accounts=(replace(QT, uid=1001, gid=1001, home="/home/qt"),))


@pytest.mark.parametrize("case", OBSTACLES)
def test_what_no_tool_would_mend_is_in_the_way(case: str) -> None:
    after, subject, reason = OBSTACLES[case]
    ground = whole()
    user(ground, "qt", 1001, 1001, "/home/qt", "/bin/sh", key="1001")
    group(ground, "qt", 1001, [], key="1001")
    assert ground.plan(STRICT).refusals == ()
    after(ground)
    for take_over in (False, True):
        planned = ground.plan(STRICT, take_over=take_over)
        assert planned.steps == ()
        assert [(refusal.subject, reason in refusal.reason) for refusal in planned.refusals] == [(subject, True)]
        assert all(refusal.hint for refusal in planned.refusals)


def test_a_folder_of_somebody_that_nobody_makes() -> None:
    wanted = replace(WANTED, folders=(folder(user="redis", group="www"),))
    ground = whole()
    refused = [refusal.reason for refusal in ground.plan(wanted).refusals]
    assert refused == [
        "should be redis's, and there is no such user",
        "should be the group www's, and there is no such group",
    ]
    user(ground, "redis", 100, 100, "/", "/bin/sh")
    group(ground, "www", 33, [])
    assert [step.kind for step in ground.plan(wanted).steps] == [StepKind.TMPFILES]


@pytest.mark.parametrize(
    "need", [Need("account", "qt"), Need("group", "adm"), Need("file", "/srv/a"), Need("hosts", H)]
)
def test_what_is_not_known_refuses(need: Need) -> None:
    ground = whole()
    ground.unknown[need] = State.REFUSED
    planned = ground.plan(WANTED)
    assert planned.steps == ()
    assert [refusal.subject for refusal in planned.refusals] == [need.subject]
