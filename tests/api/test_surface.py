"""The API is frozen: what programs may call is kept, and cannot change for them without a new major version."""

import copy
import inspect
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import pytest

import qtctl
from qtctl.api.version import API_VERSION
from tests.api.surface import KEPT, MODULES, TYPES, Surface, compare, list_internal, load, read_kept, read_surface

Change = Callable[[Surface], object]
HINT = (
    "change API_VERSION in qtctl/api/version.py (MAJOR if a program could notice, else MINOR), then run: "
    "python -m tests.api.surface"
)


def split(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


VERSIONS = sorted((path.stem for path in KEPT.iterdir()), key=split)


def test_the_surface_is_the_one_that_is_kept_for_its_version() -> None:
    assert compare(read_kept(API_VERSION), read_surface()) == ([], []), HINT


def test_the_version_is_the_newest_that_is_kept() -> None:
    assert VERSIONS[-1] == API_VERSION, HINT


@pytest.mark.parametrize("version", VERSIONS)
def test_programs_of_earlier_versions_still_run(version: str) -> None:
    if split(version)[0] == split(API_VERSION)[0]:
        breaks, _ = compare(read_kept(version), read_surface())
        assert breaks == []


def of(surface: Surface, name: str, row: str) -> dict[str, object]:
    entry = surface[name]
    found: dict[str, object] = next(each for each in entry.get("parameters") or entry["fields"] if each["name"] == row)
    return found


NEW = {"name": "more", "type": "int", "by_name": True, "needed": False}
BREAKS: tuple[tuple[str, Change], ...] = (
    ("audit.judge is gone", lambda now: now.pop("audit.judge")),
    ("audit.judge: parameter evidence is gone", lambda now: now["audit.judge"]["parameters"].pop(1)),
    ("audit.judge: parameter evidence is str, and", lambda now: of(now, "audit.judge", "evidence").update(type="str")),
    ("audit.judge: the order of its parameters", lambda now: now["audit.judge"]["parameters"].reverse()),
    ("audit.judge: parameter earlier can only", lambda now: of(now, "audit.judge", "earlier").update(by_name=True)),
    ("parameter earlier has no default any more", lambda now: of(now, "audit.judge", "earlier").update(needed=True)),
    ("parameter more is new, and has no", lambda now: now["audit.judge"]["parameters"].append(NEW | {"needed": True})),
    ("audit.judge returns None, and returned tuple", lambda now: now["audit.judge"].update(returns="None")),
    ("values.Finding: field subject is gone", lambda now: now["values.Finding"]["fields"].pop(4)),
    ("values.Finding: field id is int, and was str", lambda now: of(now, "values.Finding", "id").update(type="int")),
    ("values.Outcome.BROKEN is gone", lambda now: now["values.Outcome"]["members"].pop("BROKEN")),
    ("values.Outcome.BROKEN is 'no', and", lambda now: now["values.Outcome"]["members"].update(BROKEN="no")),
    ("values.Plan.changes is gone", lambda now: now["values.Plan"]["properties"].pop("changes")),
    ("values.GenerationRecord.note is gone", lambda now: now["values.GenerationRecord"]["methods"].pop("note")),
    ("errors.Refused is no HostError any more", lambda now: now["errors.Refused"]["bases"].remove("HostError")),
    ("errors.InputError.hint is gone", lambda now: now["errors.InputError"]["attributes"].remove("hint")),
    ("values.Plan is a enum, and was a value", lambda now: now["values.Plan"].update(kind="enum")),
)  # fmt: skip


@pytest.mark.parametrize(("said", "change"), BREAKS, ids=[said for said, _ in BREAKS])
def test_what_breaks_programs_is_refused(said: str, change: Change) -> None:
    kept = read_surface()
    now = copy.deepcopy(kept)
    change(now)
    breaks, _ = compare(kept, now)
    assert any(said in each for each in breaks), breaks


ADDS: tuple[tuple[str, Change], ...] = (
    ("audit.more is new", lambda now: now.update({"audit.more": now["audit.judge"]})),
    ("audit.judge: parameter more is new", lambda now: now["audit.judge"]["parameters"].append(NEW)),
    ("values.Finding: field more is new", lambda now: now["values.Finding"]["fields"].append(NEW)),
    ("values.Outcome.MORE is new", lambda now: now["values.Outcome"]["members"].update(MORE="more")),
)


@pytest.mark.parametrize(("said", "change"), ADDS, ids=[said for said, _ in ADDS])
def test_what_is_added_is_a_minor_version(said: str, change: Change) -> None:
    kept = read_surface()
    now = copy.deepcopy(kept)
    change(now)
    assert compare(kept, now) == ([], [said])


@pytest.mark.parametrize("module", MODULES)
def test_functions_say_what_they_do_and_need_nothing_internal(module: str) -> None:
    for name in load(module).__all__:
        each = getattr(load(module), name)
        assert each.__doc__, name
        assert each.__doc__.startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), name
        if inspect.isfunction(each):
            hints = inspect.get_annotations(each, eval_str=True)
            needed = [p.name for p in inspect.signature(each).parameters.values() if p.default is p.empty]
            assert [hint for hint in ("return", *needed) if list_internal(hints[hint])] == [], name


def test_values_that_are_returned_are_explained() -> None:
    for module in TYPES:
        for name in load(module).__all__:
            each = getattr(load(module), name)
            own = (each.__doc__ or "").removeprefix(f"{name}(")
            # The members of an enum are its text, and programs see them in JSON.
            assert issubclass(each, Enum) or own == each.__doc__ != "", f"{name}: a docstring of its own"


def test_programs_are_checked_against_its_types() -> None:
    assert (Path(qtctl.__file__).parent / "py.typed").read_text() == ""
