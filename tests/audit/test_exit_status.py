"""Exit statuses in systemd's words."""

import pytest

from qtctl.rules.exit_status import describe_ending, find_hint


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (0, 0, ""),
        (1, 0, "0"),
        (1, 1, "1 FAILURE"),
        (1, 200, "200 CHDIR"),
        (1, 203, "203 EXEC"),
        (1, 208, "208 STDIN"),
        (1, 209, "209 STDOUT"),
        (1, 216, "216 GROUP"),
        (1, 217, "217 USER"),
        (1, 226, "226 NAMESPACE"),
        (1, 243, "243 CREDENTIALS"),
        (1, 99, "99"),
        (2, 9, "killed by SIGKILL"),
        (2, 15, "killed by SIGTERM"),
        (3, 11, "killed by SIGSEGV, core dumped"),
        (2, 40, "killed by signal 40"),
    ],
)
def test_ending(code: int, status: int, expected: str) -> None:
    assert describe_ending(code, status) == expected


def test_only_systemds_own_statuses_have_a_hint() -> None:
    assert "program" in find_hint(1, 203)
    assert find_hint(2, 203) == find_hint(1, 1) == ""
