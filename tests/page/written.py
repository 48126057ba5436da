"""Reports of saved evidence, as the command writes them."""

import io
from contextlib import redirect_stdout
from pathlib import Path

from qtctl.cli.main import _run_guarded
from tests.page.broken import REGISTRY


def write_page(evidence: Path) -> str:
    return write_report("audit", "--from", str(evidence), "--registry", str(REGISTRY), "--format", "html")


def write_report(*argv: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert _run_guarded([*argv], debug=False) in {0, 1, 3}
    return out.getvalue()
