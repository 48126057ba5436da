"""docs/security.md: every promise names a test that is there, and every attack belongs to a promise."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (?P<promise>[^|]+\.) \| (?P<tests>`[^|]+`) \|$", re.MULTILINE)
ROWS = [(found["promise"], re.findall(r"`([^`]+)`", found["tests"])) for found in ROW.finditer(PAGE)]
ENOUGH = 35


def test_there_are_promises() -> None:
    assert len(ROWS) >= ENOUGH
    assert PAGE.count("| promise | tried by |") == len(re.findall(r"^\| promise ", PAGE, re.MULTILINE))


@pytest.mark.parametrize(("promise", "names"), ROWS, ids=[promise[:50] for promise, _ in ROWS])
def test_a_promise_is_tried(promise: str, names: list[str]) -> None:
    for name in names:
        file, _, function = name.partition("::")
        text = (TESTS.parent / file).read_text()
        wanted = rf"^def {function}\(" if function else "^def test_"
        assert re.search(wanted, text, re.MULTILINE), f"{promise}: no test {name}"


def test_every_attack_belongs_to_a_promise() -> None:
    named = {name.partition("::")[0] for _, names in ROWS for name in names}
    assert {f"tests/security/{path.name}" for path in (TESTS / "security").glob("test_*.py")} <= named
