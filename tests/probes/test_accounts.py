"""Account and group facts: of this machine's own accounts by the real getent, and of answers that are broken."""

import grp
import pwd

import pytest

from qtctl.model.account_facts import Account, Group
from qtctl.model.evidence import Need, State
from qtctl.probes.accounts import probe
from qtctl.probes.answer import Answer
from tests.probes.host import ask, frame

NOBODY = "nobody-of-that-name"


def users(*names: str) -> list[Need]:
    return [Need("account", name) for name in names]


def groups(*names: str) -> list[Need]:
    return [Need("group", name) for name in names]


def by_need(answers: list[Answer]) -> dict[str, Answer]:
    return {f"{answer.need.fact} {answer.need.subject}": answer for answer in answers}


def test_by_name_and_by_number() -> None:
    root = pwd.getpwnam("daemon")
    found = by_need(ask(probe(users("daemon", str(root.pw_uid), NOBODY), groups("adm", "4", NOBODY))))
    account = Account("daemon", root.pw_uid, root.pw_gid, root.pw_dir, root.pw_shell)
    assert found["account daemon"].value == account
    assert found[f"account {root.pw_uid}"].value == account
    adm = grp.getgrgid(4)
    assert found["group adm"].value == found["group 4"].value == Group(adm.gr_name, 4, sorted(adm.gr_mem))
    assert found[f"account {NOBODY}"].state is found[f"group {NOBODY}"].state is State.ABSENT


@pytest.mark.parametrize(("accounts", "memberships"), [(users(NOBODY), []), ([], groups(NOBODY)), ([], [])])
def test_one_family_alone(accounts: list[Need], memberships: list[Need]) -> None:
    answers = ask(probe(accounts, memberships)) if accounts or memberships else probe([], []).parse([])
    assert [answer.need for answer in answers] == [*accounts, *memberships]
    assert all(answer.state is State.ABSENT for answer in answers)


ROOT = b"root:x:0:0:root:/root:/bin/sh\n"


def test_without_root_nothing_is_known() -> None:
    """Nobody but root may read /etc/passwd: then getent finds nobody, or those of a directory service alone."""
    for text in (b"", b"bob:x:5000:5000::/home/bob:/bin/sh\n"):
        (answer,) = probe(users("ann"), []).parse([frame(text, exit_=2)])
        assert (answer.state, answer.needs_root) == (State.REFUSED, False)
        assert "/etc/passwd" in (answer.reason or "")


def test_the_comment_is_not_kept() -> None:
    text = ROOT + b"ann:x:1001:1002:Ann Example,,555:/home/ann:/bin/sh\n"
    (answer,) = probe(users("ann"), []).parse([frame(text)])
    assert answer.value == Account("ann", 1001, 1002, "/home/ann", "/bin/sh")
    assert "Example" not in repr(answer)


def test_members() -> None:
    (answer,) = probe([], groups("x")).parse([frame(b"root:x:0:\nx:x:5:b,a\n")])
    assert answer.value == Group("x", 5, ["a", "b"])


BROKEN = {
    "cut off": (None, State.UNPARSEABLE),
    "not installed": (frame(exit_=127), State.REFUSED),
    "no such database": (frame(exit_=1), State.REFUSED),
    "too few fields": (frame(b"root:x:0\n"), State.UNPARSEABLE),
    "no number": (frame(b"root:x:zero:0::/root:/bin/sh\n"), State.UNPARSEABLE),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_answer_says_nothing(case: str) -> None:
    answered, state = BROKEN[case]
    answers = probe(users("root", "ann"), []).parse([answered])
    assert [(answer.state, answer.value, bool(answer.reason)) for answer in answers] == [(state, None, True)] * 2
