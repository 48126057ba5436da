"""What systemd ignores; that it does is asked of a real one in tests/adopt/test_values_real.py."""

import pytest

from qtctl.dialects.systemd.values import explain_part_trouble, explain_value_trouble, list_kept_units, names_unit

IGNORED = {
    ("MemoryMax", "LIMIT", "0"): "is nothing",
    ("MemoryMax", "LIMIT", "101%"): "is more than all memory",
    ("LimitNOFILE", "LIMIT", "1K"): "is not a limit",
    ("LimitNOFILE", "LIMIT", "2:1"): "has a soft limit above the hard one",
    ("LimitNOFILE", "LIMIT", ""): "is empty",
    ("StandardOutput", "OUTPUT", ""): "is empty",
    ("CPUQuota", "OTHER", "0%"): "is not a percentage above 0",
    ("StartLimitBurst", "UNSIGNED", "08"): "is not a number",
    ("After", "UNIT [...]", "no unit"): "names something that is not a unit",
}
TAKEN = [
    ("MemoryLow", "LIMIT", "0"),
    ("MemoryMax", "LIMIT", ""),
    ("MemoryMax", "LIMIT", "+1G"),
    ("LimitCORE", "LIMIT", "1K:2K"),
    ("LimitCPU", "LIMIT", "1s:2min"),
    ("CPUQuota", "OTHER", "12.55%"),
    ("StartLimitBurst", "UNSIGNED", "0x10"),
    ("After", "UNIT [...]", "a.service # why"),
    ("After", "UNIT [...]", "%n"),
]


@pytest.mark.parametrize("line", IGNORED)
def test_ignored(line: tuple[str, str, str]) -> None:
    assert explain_value_trouble(*line) == IGNORED[line]


@pytest.mark.parametrize("line", TAKEN)
def test_taken(line: tuple[str, str, str]) -> None:
    assert explain_value_trouble(*line) is None


def test_lists_of_units_are_judged_word_by_word() -> None:
    assert list_kept_units('a.service # "b.service" c@%i.timer') == ("a.service", "c@%i.timer")
    assert explain_part_trouble("UNIT [...]", "a.service # why") == "names something that is not a unit"
    assert explain_part_trouble("UNIT [...]", "a.service b.target") is None
    assert not names_unit("e%%.service")
