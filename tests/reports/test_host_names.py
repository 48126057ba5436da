import pytest

from qtctl.reports.host_names import fold_names

CASES = [
    ([], ""),
    (["db"], "db"),
    (["web-1", "web-2"], "web-1, web-2"),
    (["web-3", "web-1", "web-2"], "web-1 … web-3"),
    ([f"web-{number}" for number in range(1, 41)], "web-1 … web-40"),
    (["web-01", "web-02", "web-03", "db"], "db, web-01 … web-03"),
    (["web-1", "web-2", "web-3", "web-7", "db-1"], "db-1, web-1 … web-3, web-7"),
    (["a1.example", "a2.example", "a3.example"], "a1.example … a3.example"),
    (["web-9", "web-10", "web-11"], "web-9 … web-11"),
    (["web-1", "web-1"], "web-1"),
]


@pytest.mark.parametrize(("hosts", "text"), CASES)
def test_consecutive_numbers_are_folded(hosts: list[str], text: str) -> None:
    assert fold_names(hosts) == text
