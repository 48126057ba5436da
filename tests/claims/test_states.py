"""States in words, lists, tables and pictures, and what is said of all of them."""

import pytest

from qtctl.claims.states import read_state
from tests.claims.judging import broken

STATES = {
    "active (running)": "up", "Up 3 days": "up", "Operational": "up", "not ready": "not ready",
    "Partial outage": "outage",
    "Up 2 hours (unhealthy)": "unhealthy", "failed": "failed", "exit 1": "", "": "", "3": "", "fully operational": "up",
}  # fmt: skip
TABLE = "# Services\n\n{}\n\n| Service | Status |\n|---|---|\n| web | {} |\n| api | {} |\n"
LIST = "- active: 12\n- failed: 1\n- {}: 1\n\n{}\n"
CASES = [
    (TABLE.format("All 14 services are running.", "running", "failed"), ["QT1102:3", "QT1105:3"]),
    (TABLE.format("All 2 services are running.", "running", "failed"), ["QT1105:3"]),
    (TABLE.format("✅ **All services are up and running**", "✅", "❌"), ["QT1105:3"]),
    (TABLE.format("All systems operational", "operational", "down"), ["QT1105:3"]),
    (TABLE.format("All services are running.", "running (2 days)", "running (was down)"), []),
    (TABLE.format("Expected: all services are running.", "running", "failed"), []),
    (TABLE.format("All services are running, except the api.", "running", "failed"), []),
    (TABLE.format("All core services are running.", "running", "failed"), []),
    (TABLE.format("All services are documented.", "running", "failed"), []),
    (TABLE.format("1 running, 1 failed", "running", "failed"), []),
    (TABLE.format("1 running, 2 failed", "running", "failed"), ["QT1102:3"]),
    (TABLE.format("9 checks: 1 running, 8 failed", "running", "failed"), []),
    (LIST.format("inactive", "Total: 15"), ["QT1101:5"]),
    (LIST.format("inactive", "**Total:** 15 services"), ["QT1101:5"]),
    (LIST.format("inactive", "Total: 14"), []),
    (LIST.format("disabled", "Total: 15"), []),
    (LIST.format("restarting", "Total: 13"), ["QT1101:5"]),
    ("15 services:\n\n- active: 12\n- failed: 1\n- inactive: 1\n", ["QT1101:1"]),
    ("Failed (2):\n\n- web.service\n", ["QT1102:1"]),
    ("We have 4 queues (mail, push, sms)\n", ["QT1102:1"]),
    ("We have 9 queues (mail, push, sms)\n", []),
    ("We have 4 queues (mail, push, sms, etc)\n", []),
    ("3 down: `web`, `api`\n", ["QT1102:1"]),
    ("6 in total (4 done, 3 open)\n", ["QT1101:1"]),
    ("- VPS: 12 €\n- Domain: 3 €\n- Total: 16 €\n", ["QT1101:3"]),
    ("- Used: 12 GB\n- Free: 3 GB\n- Total: 16 GB\n", []),
    ("- eu (2)\n  - a\n  - b\n- us (1)\n  - c\n- ap (2)\n  - d\n", ["QT1102:6"]),
    ("- eu (2)\n  - a\n  - b\n- ap (2)\n  - d\n", []),
    ("3 of 4 tasks done\n\n- [x] a\n- [x] b\n- [ ] c\n- [ ] d\n", ["QT1102:1"]),
    ("2 of 4 tasks done\n\n- [x] a\n- [x] b\n- [ ] c\n- [ ] d\n", []),
    ("20 of 40 hosts migrated\n\n- [x] a\n- [x] b\n- [ ] c\n- [ ] d\n", []),
    ("| Unit | State | Exit |\n|---|---|---|\n| a | failed | 0 |\n| b | failed | 1 |\n", ["QT1104:3"]),
    ("| Key | Type |\n|---|---|\n| a:b | hash |\n\n`a:b` (stream)\n", ["QT1104:5"]),
]  # fmt: skip
QUOTED = [
    "Chunk 2 produces the root runbooks:", "Week 3 brings new services:", "Instead of 17 services all of them:",
    "Missing services (404 errors):", "More than 5 services:", "All 16 tests pass, covering these services:",
    "## Observability (Week 3)", "We split two concerns into these three:", "9 service modules in subdirectories:",
    "Option B (nine services):", "Persist 9 services containing these:", "tests/test_api.py (9 services)",
    "Start the loop (replaces 9 other services):", "Add a check for every path in the two services in the README:",
]  # fmt: skip


@pytest.mark.parametrize("cell", STATES)
def test_cells(cell: str) -> None:
    assert read_state(cell) == STATES[cell]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_documents(text: str, expected: list[str]) -> None:
    assert sorted(broken(text)) == expected


@pytest.mark.parametrize("line", QUOTED)
def test_a_number_that_does_not_count_the_list_below_it(line: str) -> None:
    assert broken(f"# X\n\n{line}\n\n- web.service\n- api.service\n- db.service\n- mq.service\n") == []


def test_a_comment_in_a_program_counts_nothing() -> None:
    assert broken("```\n# Insert two notes\nrepo.add(first)\nrepo.add(second)\nrepo.save()\n```\n") == []
    assert broken("```\n# Two streams\na:one\na:two\na:three\n```\n") == ["QT1102:2"]
