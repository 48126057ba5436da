"""What a host says of its processes, and what a plan makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.apply.ran import parse_ran
from qtctl.model.ran import Ran, RanState

SAID = (
    b"ran\ta.service\tsame\n"
    b"ran\tb.service\tdiffers\t/etc/quantum/b.env\t/etc/quantum/b.secrets\n"
    b"ran\tc.service\tnone\t/etc/quantum/c.env\t1790000000\t/etc/systemd/system/c.service\t0\n"
)


def test_each_state_is_read() -> None:
    assert parse_ran(SAID) == {
        "a.service": Ran(RanState.SAME),
        "b.service": Ran(RanState.DIFFERS, ("/etc/quantum/b.env", "/etc/quantum/b.secrets")),
        "c.service": Ran(ctimes={"/etc/quantum/c.env": 1790000000, "/etc/systemd/system/c.service": 0}),
    }


@pytest.mark.parametrize(
    "said",
    [b"", b"ran\n", b"ran\ta.service\n", b"ran\ta.service\tnew\n", b"sudo: a password is required\n", b"\xff\t\n"],
)
def test_what_is_no_answer_says_nothing(said: bytes) -> None:
    assert parse_ran(said) == {}


@pytest.mark.parametrize("pairs", [b"/a", b"/a\tsoon", b"/a\t-1", b"/a\t1\t/b"])
def test_a_time_that_is_none_is_left_out(pairs: bytes) -> None:
    (ran,) = parse_ran(b"ran\ta.service\tnone\t" + pairs + b"\n").values()
    assert set(ran.ctimes) <= {"/a"}
    assert all(at >= 0 for at in ran.ctimes.values())


@given(st.binary(max_size=200))
def test_no_answer_is_a_traceback(said: bytes) -> None:
    parse_ran(said)
