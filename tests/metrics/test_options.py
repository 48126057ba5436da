"""Options of `qtctl metrics` that would do nothing are errors."""

from pathlib import Path

import pytest

from qtctl.cli.main import _run_guarded
from tests.builders.registry import SMALL


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--every", "30"), "--every is for --listen and --rules (a timer runs it again: `qtctl schedule metrics`)"),
        (("--every", "30", "--dashboard"), "--every is for --listen and --rules"),
        (("--allow-remote",), "--allow-remote is for --listen"),
        (("--rules", "--dashboard"), "--rules and --dashboard are both given"),
        (("--rules", "--every", "30"), ""),
    ],
)
def test_an_option_that_does_nothing_is_refused(
    options: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, text in SMALL.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    code = _run_guarded(["metrics", "--all-hosts", *options, "--registry", str(tmp_path)], debug=False)
    err = capsys.readouterr().err
    assert (code, said in err) == (2 if said else 0, True)
