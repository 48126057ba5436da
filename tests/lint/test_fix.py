"""--fix: what it changes, that comments stay, and that a second lint proves it."""

import pytest

from qtctl.errors import InputErrors
from qtctl.flows.fix_registry import fix_registry
from qtctl.flows.lint import lint
from tests.lint.case import API, FEED, FLEET, JOBS, TEMPLATES, TIMER, Case
from tests.lint.cases import CASES


def test_after_is_added_for_requires_and_comments_stay() -> None:
    case = Case(
        "",
        edits={
            API: (
                'after = ["feed"]',
                '# first the feed\nafter = [\n    "feed", # it feeds\n]\nrequires = ["feed", "n.service"]',
            )
        },
    )
    now, fixed = fix_registry(case.texts, TEMPLATES)
    assert [(each.id, str(each.place), each.fix.says) for each in fixed] == [
        ("QT103", "services/api.toml:17", "n.service added to order.after")
    ]
    text = now[API].decode()
    assert '# first the feed\nafter = [\n    "feed", # it feeds\n    "n.service",\n]\n' in text
    assert lint(now, TEMPLATES).findings == ()
    assert {path for path in now if now[path] != case.texts[path]} == {API}


@pytest.mark.parametrize(
    ("path", "old", "new", "line"),
    [
        (FEED, 'target = "core"\n', 'target = "core"\norder.requires = ["n.service"]\n', 'order.after = ["n.service"]'),
        (FEED, 'target = "core"\n', 'target = "core"\norder = { requires = ["n.service"] }\n', 'after = ["n.service"]'),
        (FLEET, 'after = ["redis-server"], wants', "requires", 'after = ["redis-server"]'),
    ],
    ids=["dotted", "inline", "defaults"],
)
def test_after_is_made_where_there_is_none(path: str, old: str, new: str, line: str) -> None:
    case = Case("", edits={path: (old, new)})
    assert lint(case.texts, TEMPLATES).findings
    now, fixed = fix_registry(case.texts, TEMPLATES)
    assert len(fixed) == 1
    assert line in now[path].decode()
    assert lint(now, TEMPLATES).findings == ()


def test_what_would_make_a_circle_is_not_added() -> None:
    case = Case("", edits={FEED: ('writes = ["s:mode"]\n', 'writes = ["s:mode"]\n[order]\nrequires = ["api"]\n')})
    texts = {**case.texts, API: case.texts[API].replace(b'after = ["feed"]', b'after = ["core"]')}
    texts["targets.toml"] = b'[core]\nsummary = "All"\norder.after = ["first"]\n[first]\nsummary = "First"\n'
    texts[FEED] = texts[FEED].replace(b'target = "core"', b'target = "first"')
    now, fixed = fix_registry(texts, TEMPLATES)
    assert fixed == ()
    assert now == texts


def test_persistent_that_does_nothing_is_taken_out() -> None:
    timers = TIMER.replace(
        'on_calendar = ["hourly"]', 'on_boot = "1min" # soon\npersistent = true\non_unit_active = "1h"'
    )
    texts = Case("", files={**JOBS, "timers.toml": timers}).texts
    with pytest.raises(InputErrors, match="QT112"):
        lint(texts, TEMPLATES)
    now, fixed = fix_registry(texts, TEMPLATES)
    assert [(each.id, str(each.place)) for each in fixed] == [("QT112", "timers.toml:5")]
    assert now["timers.toml"].decode() == timers.replace("persistent = true\n", "")
    assert lint(now, TEMPLATES).findings == ()


def test_both_in_one_run() -> None:
    timers = TIMER.replace('on_calendar = ["hourly"]', 'on_boot = "1min"\npersistent = true')
    case = Case("", files={**JOBS, "timers.toml": timers}, edits={API: ('after = ["feed"]', 'requires = ["feed"]')})
    now, fixed = fix_registry(case.texts, TEMPLATES)
    assert [each.id for each in fixed] == ["QT112", "QT103"]
    assert lint(now, TEMPLATES).findings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fix_never_adds_a_finding(case: Case) -> None:
    before = {(each.id, each.subjects, each.what) for each in case.linted.findings}
    now, fixed = fix_registry(case.texts, case.templates)
    if now == case.texts:
        assert fixed == ()
        return  # what is linted and fixed of the same texts is the same again
    after = {(each.id, each.subjects, each.what) for each in lint(now, case.templates).findings}
    assert after <= before
    assert after != before
    assert fixed
    assert fix_registry(now, case.templates) == (now, ())
