"""The hosts fact: of this machine's file, and of answers that are broken."""

from pathlib import Path

import pytest

from qtctl.dialects.hosts import PATH, make_begin_mark, make_end_mark
from qtctl.model.account_facts import Hosts
from qtctl.model.evidence import Need, State
from qtctl.probes.hosts_file import MOST, probe
from tests.probes.host import ask, frame

NEED = Need("hosts", PATH)


def test_of_this_machine() -> None:
    (answer,) = ask(probe([NEED], "f", ("localhost",)))
    if not Path(PATH).exists():  # a chroot may have none
        assert (answer.state, answer.value) == (State.ABSENT, None)
        return
    assert isinstance(answer.value, Hosts)
    lines = [line.partition("#")[0].split() for line in Path(PATH).read_text().splitlines()]
    assert answer.value.rows == [row for row in lines if "localhost" in row[1:]]
    assert answer.value.block is None


def test_only_declared_names_are_kept() -> None:
    text = f"10.0.0.1 secret\n10.0.0.2 REDIS # here\n{make_begin_mark('f')}\n::1 redis\n{make_end_mark('f')}\n".encode()
    (answer,) = probe([NEED], "f", ("redis",)).parse([frame(text)])
    assert answer.value == Hosts([["10.0.0.2", "REDIS"]], ["::1 redis"])
    assert "secret" not in repr(answer)


def test_broken_marks_are_said() -> None:
    (answer,) = probe([NEED], "f", ()).parse([frame(make_end_mark("f").encode())])
    assert isinstance(answer.value, Hosts)
    assert "are not there once each" in answer.value.broken


GONE = b"head: cannot open '/etc/hosts' for reading: No such file or directory\n"
CLOSED = b"head: cannot open '/etc/hosts' for reading: Permission denied\n"
BROKEN = {
    "cut off": (None, State.UNPARSEABLE),
    "not there": (frame(b"", GONE, 1), State.ABSENT),
    "closed": (frame(b"", CLOSED, 1), State.REFUSED),
    "endless": (frame(b"#" * (MOST + 1)), State.UNPARSEABLE),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_without_a_file(case: str) -> None:
    answered, state = BROKEN[case]
    (answer,) = probe([NEED], "f", ()).parse([answered])
    assert (answer.state, answer.value) == (state, None)
