"""What should hold on hosts that must have the same is worked out once: each is judged as if it were the only one.

The normal run has a case of each outcome of each finding. QTCTL_CASES=all judges all of them.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from qtctl.audit.judge import adapt_expectations, judge, list_expectations
from qtctl.model.desired import Login
from qtctl.rules import host as host_rules
from tests.audit.test_cases import CASES, give_evidence, judged
from tests.builders.audited import desired

OTHER = replace(
    desired(),
    host="another-host",
    login=Login("192.0.2.77", 2222, "other-audit", "other-deploy"),
    expected_hostname="another",
    machine="0" * 32,
)
"""A host that must have the same, and differs in all that says which host it is."""


def choose_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Cases by name: all, or the first ones that have an outcome of a finding."""
    every = os.environ.get("QTCTL_CASES") == "all"
    had: set[tuple[str, str]] = set()
    for param in CASES:
        case: dict[str, Any] = param.values[0]  # type: ignore[assignment]
        outcomes = {(id_, outcome) for id_, _, outcome, _ in case["expect"]}
        if every or outcomes - had:
            had |= outcomes
            yield str(param.id), case


def test_every_case_is_judged_the_same() -> None:
    want = desired()
    adapted = adapt_expectations(list_expectations(OTHER), want)
    for name, case in choose_cases():
        seen = give_evidence(want, case)
        expected = judge(want, seen) if "earlier" in case else judged(case)
        assert judge(want, seen, only=adapted) == expected, name


def test_rules_that_read_which_host_it_is_say_so() -> None:
    told = re.compile(r"\bdesired\.(host|login|expected_hostname|machine)\b")
    for path in sorted(Path(host_rules.__path__[0]).glob("*.py")):
        if told.search(path.read_text()):
            rules = import_module(f"{host_rules.__name__}.{path.stem}").RULES
            assert any(rule.each_host for rule in rules), path.name
