"""All cases of the rules over the registry and its units, by the file of their family below tests/rules."""

from importlib import import_module
from pathlib import Path

from tests.lint.case import JOBS, Case

RULES = Path(__file__).parent.parent / "rules"
CLEAN = (
    Case("clean"),
    Case("clean with a timer", files=JOBS),
)
CASES: tuple[Case, ...] = (
    *CLEAN,
    *(
        case
        for folder in ("registry", "units")
        for path in sorted((RULES / folder).glob("[a-z]*.py"))
        if not path.stem.startswith("test_")
        for case in import_module(f"tests.rules.{folder}.{path.stem}").CASES
    ),
)
