"""docs/howto/read-a-finding.md shows what an audit prints today."""

import os
import re

import pytest

from tests.docs.pages import FENCE, ROOT
from tests.page.broken import REGISTRY, write_broken
from tests.warm import run

PAGE = ROOT / "docs/howto/read-a-finding.md"
SHOWN = re.compile(r"^\| (expected|observed|declared|proof|fix) \| (.+) \| [^|]+ \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("read")
    evidence = write_broken(folder / "e.json")
    only = [word for each in ("QT204", "QT301", "QT604") for word in ("--only", each)]
    argv = ("audit", "--from", str(evidence), "--registry", str(REGISTRY), "--format", "table", "--verbose", *only)
    _, out, _ = run(argv, cwd=folder, env=os.environ, timeout_s=60)
    return out.decode()


def test_its_findings_are_those_of_an_audit(printed: str) -> None:
    lines = [line for kind, text in FENCE.findall(PAGE.read_text()) if kind == "text" for line in text.splitlines()]
    assert len(lines) == 3
    assert [line for line in lines if line not in printed] == []


def test_its_fields_are_those_of_an_audit(printed: str) -> None:
    rows = {name: text.replace("`", "").replace("\\|", "|") for name, text in SHOWN.findall(PAGE.read_text())}
    assert set(rows) == {"expected", "observed", "declared", "proof", "fix"}
    assert [name for name, text in rows.items() if f"{name} {text.removesuffix(' …')}" not in printed] == []
