"""Every directive in the shapes that tell most, adopted, rendered and judged by systemd: many in each unit.

`python -m tests.adopt` has all shapes, with a unit for each directive.
"""

import pytest

from tests.adopt.shapes import cases, chunks, judge

pytestmark = pytest.mark.lab

SHAPES = ("twice", "again", "spaces")
KINDS = ("Service", "Target", "Timer", "Path", "Socket", "Slice")
AT_ONCE = 40


def test_every_directive_means_the_same_once_it_is_adopted(host: str) -> None:
    those = list(cases(KINDS, shapes=SHAPES, at_once=AT_ONCE))
    results = [result for chunk in chunks(those) for result in judge(host, chunk)]
    differing = {str(each.case): (each.wrong, each.claimed, each.left_out) for each in results if each.bad}
    assert differing == {}
    assert {str(each.case) for each in results if not each.loads} == set()
    assert sum(len(each.case.keys) for each in results) > 3000
