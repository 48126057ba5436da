"""Entry points in real folders, judged by Python itself, and folders of venvs and programs."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.model.code_facts import EntryPoint, Folders
from qtctl.model.entry_questions import EntryQuestion, make_entry_question
from qtctl.model.evidence import Need, State
from qtctl.probes.answer import Answer
from qtctl.probes.code import probe
from tests.builders.desired import build_service
from tests.probes.host import NOBODY, ask, frame

FORMS = {
    "one.py": "pass",
    "package/__init__.py": "",
    "package/inner.py": "app = 1",
    "runs/__init__.py": "",
    "runs/__main__.py": "pass",
    "space/deep/leaf.py": "app = 1",
}
MODULES = ("one", "package", "package.inner", "runs", "space.deep.leaf", "space", "gone", "package.gone")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder that an ordinary user may enter, with modules of every form."""
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o011)
    for name, text in FORMS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def question(kind: str, path: str, *folders: Path, prefix: str = "/usr", unit: str = "a.service") -> EntryQuestion:
    return EntryQuestion(unit, "root", prefix, tuple(map(str, folders)), ((kind, path),))


def entry(*questions: EntryQuestion) -> list[Answer]:
    needs = [Need("entry", each.unit) for each in questions]
    return sorted(ask(probe(needs, questions), NOBODY), key=lambda answer: answer.need.subject)


def found(asked: EntryQuestion) -> EntryPoint:
    value = entry(asked)[0].value
    assert isinstance(value, EntryPoint)
    return value


@root
@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_found_where_python_finds_it(base: Path, module: str) -> None:
    ran = subprocess.run([sys.executable, "-m", module], cwd=base, capture_output=True, check=False)
    seen = found(question("module", module.replace(".", "/"), base))
    assert bool(seen.found[0]) == (ran.returncode == 0), ran.stderr
    program = f"import importlib; importlib.import_module({module!r}).__file__.strip()"
    ran = subprocess.run([sys.executable, "-c", program], cwd=base, capture_output=True, check=False)
    seen = found(question("import", module.replace(".", "/"), base))
    assert bool(seen.found[0]) == (ran.returncode == 0), ran.stderr


@root
def test_packages_of_a_venv_and_what_its_pth_files_name(base: Path) -> None:
    venv, packages = base / "venv", base / "venv/lib/python3.11/site-packages"
    (packages / "uvicorn").mkdir(parents=True)
    (packages / "uvicorn/__main__.py").touch()
    (venv / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    prefix = str(venv)
    assert found(question("module", "uvicorn", prefix=prefix)).found == [f"{packages}/uvicorn/__main__.py"]
    assert found(question("module", "uvicorn", prefix=prefix)).empty == [f"{packages}/uvicorn/__main__.py"]
    (packages / "editable.pth").write_text(f"# comment\n{base}\n")
    assert found(question("import", "package/inner", prefix=prefix)).found == [f"{base}/package/inner.py"]
    assert found(question("import", "gone", prefix=prefix)).hook == ""
    (packages / "hook.pth").write_text("import hook; hook.install()\n")
    assert found(question("import", "gone", prefix=prefix)).hook == f"{packages}/hook.pth"
    assert found(question("import", "package/inner", prefix=prefix)).hook == ""
    assert found(question("import", "package/inner", prefix=prefix)).empty == []


@root
def test_scripts_and_what_may_not_be_entered(base: Path) -> None:
    shut = base / "shut"
    shut.mkdir(mode=0o700)
    (shut / "main.py").touch()
    asked = [
        question("script", f"{base}/one.py", unit="a"),
        question("script", f"{base}/runs", unit="b"),
        question("script", f"{base}/package", unit="c"),
        question("script", f"{shut}/main.py", unit="d"),
        question("module", "main", shut, unit="e"),
    ]
    values = [each.value for each in entry(*asked)]
    assert [(each.found[0], each.shut) for each in values if isinstance(each, EntryPoint)] == [
        (f"{base}/one.py", ""), (f"{base}/runs", ""), ("", ""), ("", str(shut)), ("", str(shut)),
    ]  # fmt: skip


def test_an_answer_that_was_cut_off_says_nothing() -> None:
    asked = [question("module", "one", unit="a"), question("module", "one", unit="b")]
    needs = [Need("entry", each.unit) for each in asked]
    for output in (b"", b"=\nf /x\n", b"=\n=\n=\n", b"=\nx\n=\nn\nn\n"):
        answers = probe(needs, asked).parse([frame(output)])
        assert {each.state for each in answers} == {State.UNPARSEABLE}
    assert probe([Need("entry", "none")], asked).parse([])[0].state is State.NOT_ASKED


@root
def test_folders_of_venvs_and_programs(base: Path) -> None:
    for name in ("a b/pyvenv.cfg", "c/main.py", "c/app.py", "lib/other.py", "deep/er/main.py", "odd\nname/main.py"):
        (base / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (base / "in" / name).touch()
    (base / "in/link").symlink_to("c")
    (base / "shut").mkdir(mode=0o700)
    needs = [Need("folders", f"{base}/{name}") for name in ("in", "none", "shut", "package")]
    answers = {each.need.subject.removeprefix(f"{base}/"): each for each in ask(probe(needs, ()), NOBODY)}
    assert answers["in"].value == Folders({"a b": ["pyvenv.cfg"], "c": ["app.py", "main.py"]})
    assert answers["package"].value == Folders({})
    assert answers["none"].state is State.ABSENT
    assert (answers["shut"].state, answers["shut"].reason) == (State.REFUSED, "Permission denied")


def test_what_of_a_service_is_asked() -> None:
    plain = replace(
        build_service("a", argv=("/opt/v/bin/python", "-m", "uvicorn", "x.y:app")),
        working_directory="/srv/a", env=(("PYTHONPATH", "/srv/b:lib"),),
    )  # fmt: skip
    asked = make_entry_question(plain)
    assert asked is not None
    assert asked.folders == ("/srv/a", "/srv/b", "/srv/a/lib")
    assert (asked.prefix, asked.wanted) == ("/opt/v", (("module", "uvicorn"), ("import", "x/y")))
    for changes in (
        {"argv": ("/usr/bin/node", "x.js")},
        {"argv": ("/usr/bin/python3", "-m", "http.server")},
        {"argv": ("/usr/bin/python3", "-m", "$MODULE")},
        {"working_directory": "~"},
        {"sandbox": (("BindPaths", "/a:/b"),)},
    ):
        assert make_entry_question(replace(plain, **changes)) is None
