"""Sums, products, shares and states that one line spells out: right ones, wrong ones, and what is neither."""

import pytest

from tests.claims.judging import broken, true

RIGHT = [
    "3 \u00d7 4.50 € = 13.50 €", "5 x 20 = 100", "2 + 3 \u00d7 4 = 14", "10 - 3 + 4 = 11",
    "120 / 200 = 60%", "10 / 3 = 3.33", "$120 + $45 + $30 = $195", "1.250,00 € + 249,50 € = 1.499,50 €",
    "7 kept + 4 new = 11 services", "Disk: 120 GB of 200 GB used (60%)", "3.2/4 GB (80%)", "512 MB of 2 GB (25%)",
    "1.250 GB von 2.000 GB (62,5 %)", "RAM: 12 of 16 GB (75%)", "120 of 200 GB used (40% free)",
    "60% (120 GB of 200 GB)", "1,200 of 4,000 customers (30%)", "/dev/sda1: 45 of 98 GB (49%)",
    "15 services: 12 active, 2 failed, 1 inactive", "12 nodes (11 ready, 1 not ready)",
    "15 GB / 10 Gi = 139.7%", "Hosts: 40 up, 2 down, 42 total",
    "148 tests: 140 passed, 6 failed, 2 skipped",
]  # fmt: skip
WRONG = [
    "12 \u00d7 0.30 = 3.90",
    "2 * 3.5 GB = 8 GB", "5 x 20 = 120", "2 + 3 \u00d7 4 = 20", "10 - 3 + 4 = 12", "120 / 200 = 70%",
    "$120 + $45 + $30 = $196", "3 \u00d7 49,90 € = 149,50 €", "Disk: 120 GB of 200 GB used (65%)", "3.2/4 GB (60%)",
    "RAM: 12 of 16 GB (81%)", "512 MB of 2 GB (35%)", "750 GB von 1.000 GB (85 %)", "1,200 of 4,000 customers (35%)",
    "65% (120 of 200)", "15 services: 12 active, 2 failed, 3 inactive", "15 services: 12 active, 1 failed, 1 inactive",
    "12 nodes (11 ready, 2 not ready)", "Hosts: 40 up, 3 down, 42 total",
]  # fmt: skip
NEITHER = [
    "4 \u00d7 8 TB (RAIDZ1) = 24 TB usable", "2 \u00d7 8 cores = 32 threads", "1 JobManager + 3 TaskManagers = 13 CPU",
    "3/4 met = 100%, 2/4 = 75%, 1/4 = 50%", "31 units: 28 running, 1 failed", "20 hosts: 12 linux, 10 with a GPU",
    "9 hosts: 8 running, 3 healthy", "x = 4 + 5", "v1.2 + 3 = 9", "1920x1080 = 2", "12 \u00d7 30 s = 6 min",
    "RAM fell by 62%: 9 of 24 GB (62% less)", "2 of 3 (~60%)", "on 3/4 of 2025 = 2", "0 of 0 (100%)", "1 / 0 = 3",
    "85 W \u00d7 24 h = 2040 Wh", "10:30 + 2 = 13", "10 + 5% = 10.5",
    "31 test cases automated (8 backend + 6 frontend tests)", "Story one (9 SP)",
    "It has two variables: workers and masters. A node may override them, or add more.",
    "8 critical / 10 warning / 4 info = 22", "2 APs (38+7=45=clients)", "32 passed / 0 failed (24 unit + 8 system)",
    "8 cycles (3a dev + 3b prod)", "9 passed (2 skips: one + 1 other)",
]  # fmt: skip


@pytest.mark.parametrize("line", RIGHT)
def test_what_is_right(line: str) -> None:
    assert broken(f"# X\n\n{line}\n") == []
    assert true(f"# X\n\n{line}\n") == [3]


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong(line: str) -> None:
    assert broken(f"# X\n\n{line}\n") == ["QT1101:3"]


@pytest.mark.parametrize("line", NEITHER)
def test_what_may_be_either(line: str) -> None:
    assert broken(f"# X\n\n{line}\n") == []
