"""What a deploy asks for before it changes anything, of this machine by real tools, and of answers that are broken."""

from pathlib import Path

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.preflight_facts import EnvKeys, Jobs, Writable
from qtctl.probes.preflight import probe
from tests.probes.host import NOBODY, ask, frame

VALUES = """# comment
A=hunter2
  B="hunter2"
C=
D=""
E=''
export F=hunter2
1BAD=hunter2
G = hunter2
"""


def test_the_names_of_an_env_file_and_no_value(tmp_path: Path) -> None:
    file = tmp_path / "s.env"
    file.write_text(VALUES)
    needs = [Need(EnvKeys.FACT, str(path)) for path in (file, tmp_path / "none")]
    answers = {each.need.subject: each for each in ask(probe(needs, {str(file): tuple("ABCDE")}))}
    assert answers[str(file)].value == EnvKeys(["A", "B", "C", "D", "E"], ["C", "D", "E"])
    assert answers[str(tmp_path / "none")].state is State.ABSENT
    assert "hunter2" not in repr(answers)


def test_a_line_of_a_value_is_no_name(tmp_path: Path) -> None:
    """The end of a key in base64 looks like an assignment of nothing."""
    file = tmp_path / "s.env"
    file.write_text('KEY="-----BEGIN KEY-----\nMIIEcanaryQ=\ncanary=1\n"\nOTHER=1\n')
    (answer,) = ask(probe([Need(EnvKeys.FACT, str(file))], {str(file): ("KEY", "LOST")}))
    assert answer.value == EnvKeys(["KEY"], [])
    assert "canary" not in repr(answer)


def test_where_a_user_can_write(tmp_path: Path) -> None:
    """If a folder does not exist, the nearest one above it counts."""
    tmp_path.chmod(0o755)
    (tmp_path / "a b").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    paths = [str(tmp_path / name) for name in ("a b", "link", "new", "no/such/folder")]
    needs = [Need(Writable.FACT, path) for path in paths]
    found = {each.need.subject: each.value for each in ask(probe(needs, {}))}
    assert found == {
        paths[0]: Writable(paths[0], writable=True, mounted=False),
        paths[1]: Writable(paths[1], writable=True, mounted=False),
        paths[2]: Writable(str(tmp_path), writable=True, mounted=False),
        paths[3]: Writable(str(tmp_path), writable=True, mounted=False),
    }
    proc = ask(probe([Need(Writable.FACT, "/proc/version"), Need(Writable.FACT, "/proc")], {}), NOBODY)
    assert [each.value for each in proc] == [
        Writable("/proc", writable=False, mounted=True),
        Writable("/proc/version", writable=False, mounted=False),
    ]


@pytest.mark.parametrize(
    ("stdout", "state", "value"),
    [
        (
            b"S running\nJ a.service start waiting\n",
            State.OBSERVED,
            Jobs("running", {"a.service": ["start", "waiting"]}),
        ),
        (b"S \n", State.OBSERVED, Jobs("", {})),
        (b"nonsense\n", State.UNPARSEABLE, None),
        (b"J a\n", State.UNPARSEABLE, None),
        (b"W yes\n", State.UNPARSEABLE, None),
    ],
)
def test_answers(stdout: bytes, state: State, value: Jobs | None) -> None:
    answer = probe([Need(Jobs.FACT, "*")], {}).parse([frame(stdout)])[0]
    assert (answer.state, answer.value) == (state, value)


def test_an_answer_that_was_cut_off() -> None:
    assert probe([Need(Jobs.FACT, "*")], {}).parse([None])[0].state is State.UNPARSEABLE
    assert probe([Need(Writable.FACT, "/x")], {}).parse([frame(b"S running\n")])[0].state is State.UNPARSEABLE
