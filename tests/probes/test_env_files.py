"""Env files as root reads them on a host: by systemd's rules, and no value or part of one leaves it."""

import base64
import random
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.dialects.systemd.envfile import parse_env_file
from qtctl.errors import InputError
from qtctl.model.evidence import Need, State
from qtctl.model.inquiry import EnvQuestion
from qtctl.model.process_facts import EnvText
from qtctl.probes import env_files
from qtctl.probes.answer import Answer
from qtctl.probes.batch import make_script, split_frames
from qtctl.rules.host.env_contents import digest_of
from tests.live.box import Box

NONCE, MARKER = "5f" * 16, "0123456789abcdef"
NAMES = ("A", "B", "C")
ODD = {
    "plain": "A=1\nB=two words\nC=\n",
    "quotes": 'A="x \\"y\\" $z"\nB=\'it\'\'s\'\nC="two\nlines"\n',
    "continued": "A=1\\\n2\nB=x\\\nC=3\n",
    "comments": "# A=0\n; B=0\n#c \\\nC=1\nA=1 # no comment\nB=#fff\n",
    "export": "export A=1\nA\nB = 2 \n  C=3  \n",
    "crlf": 'A=1\r\nB="2"\r\nC=3',
    "open": 'A=1\nB="x\nC=3\n',
    "twice": "A=1\nA=2\n",
    "unicode": "A=\u00fc\U0001f600\nB=\ufeff\n",
    "empty": "",
    "end": "A=1\nB=x\\",
}
PIECES = (
    "A=",
    "B=",
    "export ",
    "C",
    "=",
    "\n",
    "\r\n",
    " ",
    "\t",
    "#",
    ";",
    "'",
    '"',
    "\\",
    "\\\n",
    "x",
    "y z",
    "$",
    "`",
)


def generated() -> dict[str, str]:
    """The same ones each time."""
    drawn = random.Random(605)  # noqa: S311 - examples, not secrets
    return {f"drawn {at}": "".join(drawn.choices(PIECES, k=drawn.randrange(2, 16))) for at in range(150)}


def ask(paths: list[Path], *, secret: bool = False) -> list[Answer]:
    questions = {str(path): EnvQuestion(str(path), () if secret else NAMES, NAMES if secret else ()) for path in paths}
    probe = env_files.probe([Need(EnvText.FACT, path) for path in questions], questions, NONCE)
    text = make_script(probe.commands, MARKER)
    done = subprocess.run(["sh"], input=text.encode(), capture_output=True, check=False, timeout=120)
    return probe.parse(split_frames(len(probe.commands), MARKER, done.stdout, done.stderr))


def text_of(answer: Answer) -> EnvText:
    assert isinstance(answer.value, EnvText), answer.reason
    return answer.value


def test_it_reads_what_systemd_reads(trusted: Path) -> None:
    texts = ODD | generated()
    paths = [trusted / f"{at:03}.env" for at in range(len(texts))]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, newline="")
    version = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False).stdout.split()
    for name, answer in zip(texts, ask(paths), strict=True):
        wanted = parse_env_file(texts[name], name, systemd=int(version[1]) if version else 0)
        expected = {key: digest_of(NONCE, value) for key, value in wanted.items() if key in NAMES}
        assert text_of(answer).digests == expected, texts[name]


def test_what_systemd_takes_nothing_of(trusted: Path) -> None:
    bad = {"nul": b"A=1\n\0", "utf8": b"A=\xff\n"}
    for name, content in bad.items():
        (trusted / f"{name}.env").write_bytes(content)
    found = [text_of(each).unusable for each in ask([trusted / f"{name}.env" for name in sorted(bad)])]
    assert found == sorted(bad)
    with pytest.raises(InputError):
        parse_env_file("A=1\n\0", "nul")


def test_no_value_and_no_part_of_one_leaves_the_host(trusted: Path) -> None:
    """A key that was pasted in is several lines, of which the last looks like a name and is none."""
    path = trusted / "secret.env"
    path.write_text("A=hunter2\n-----BEGIN KEY-----\nTUlJRXZR\nQUJDREVG=\nB=\nSTOLEN=x\n")
    (answer,) = ask([path], secret=True)
    said = repr(answer)
    assert text_of(answer).secrets == {"A": True, "B": False}
    assert [each for each in ("hunter2", "TUlJ", "QUJD", "STOLEN") if each in said] == []
    (answer,) = ask([path])
    assert [name for _, name in text_of(answer).others] == ["", "STOLEN"]


def test_root_reads_nothing_that_others_could_lead_it_to(trusted: Path) -> None:
    (trusted / "a.env").write_text("A=1\n")
    trusted.chmod(0o777)
    (answer,) = ask([trusted / "a.env"])
    assert (answer.state, answer.value) == (State.REFUSED, None)
    assert "can be changed by every user" in str(answer.reason)


@pytest.mark.lab
def test_systemd_itself_reads_the_same(box: Box) -> None:
    folder = "/run/env-read"
    texts = ODD | dict(list(generated().items())[:25])
    lines = [f"mkdir -p {folder}"]
    lines += [f"printf %s {shlex.quote(text)} > {folder}/{at}" for at, text in enumerate(texts.values())]
    run = "systemd-run -q --wait --pipe -p EnvironmentFile={} /usr/bin/env -0"
    lines += [f"{run.format(f'{folder}/{at}')} 2>/dev/null | base64 -w0; echo" for at in range(len(texts))]
    try:
        answers = box.sh("\n".join(lines)).splitlines()
        asked = " ".join(shlex.join((f"{folder}/{at}", " A B C ", "")) for at in range(len(texts)))
        root = Path(env_files.__file__).parent.parent / "remote"
        reader = "".join((root / name).read_text() for name in ("way.sh", "env_files.sh"))
        given = f"most=99999 reader={shlex.quote((root / 'env_file.awk').read_text())}\n"
        said = box.sh(f"export LC_ALL=C\nset +eu\n{given}{reader}read_env_files {NONCE} {asked}")
    finally:
        box.sh(f"rm -r {folder}")
    mine = [
        {row.split()[1]: row.split()[3] for row in part.splitlines() if row.startswith("V ")}
        for part in said.split("F ")[1:]
    ]
    for name, answer, found in zip(texts, answers, mine, strict=True):
        pairs = (each.partition("=") for each in base64.b64decode(answer).decode().split("\0") if each)
        expected = {key: digest_of(NONCE, value) for key, _, value in pairs if key in NAMES}
        assert found == expected, (name, texts[name])


@pytest.fixture
def trusted() -> Iterator[Path]:
    """A folder that nobody but root can lead to."""
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        yield Path(folder)
