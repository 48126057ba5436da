"""What qtctl has written on a host: real folders by the real find, and answers that are broken."""

import hashlib
from pathlib import Path

import pytest

from qtctl.model.evidence import Need, State
from qtctl.model.generated_facts import GeneratedFiles
from qtctl.probes.answer import Answer
from qtctl.probes.files import MARK
from qtctl.probes.generated import probe
from tests.probes.host import ask, frame

MARKED = f"{MARK} from services/a.toml; edits are overwritten.\n[Unit]\n".encode()


def need(path: Path | str) -> Need:
    return Need(GeneratedFiles.FACT, str(path))


def by_folder(answers: list[Answer]) -> dict[str, Answer]:
    return {each.need.subject: each for each in answers}


def test_marked_files_and_links_of_several_folders(tmp_path: Path) -> None:
    units, env = tmp_path / "units", tmp_path / "env"
    for folder in (units / "a.service.d", units / "t.target.wants", env, units / "deep" / "er"):
        folder.mkdir(parents=True)
    written = (units / "a b.service", units / "a.service.d/1.conf", env / "a.env")
    for path in written:
        path.write_bytes(MARKED)
    (units / "deep/er/x.service").write_bytes(MARKED)
    (units / "own.service").write_bytes(b"[Unit]\n" + MARKED)
    (units / "t.target.wants/a.service").symlink_to("../a b.service")
    (units / "mask.service").symlink_to("/dev/null")
    (units / "marked.service").symlink_to("a b.service")
    found = by_folder(ask(probe([need(units), need(env), need(tmp_path / "none")])))
    digest = hashlib.sha256(MARKED).hexdigest()
    assert found[str(units)].value == GeneratedFiles(
        {str(path): digest for path in sorted(written[:2])},
        {
            str(units / "marked.service"): "a b.service",
            str(units / "mask.service"): "/dev/null",
            str(units / "t.target.wants/a.service"): "../a b.service",
        },
    )
    assert found[str(env)].value == GeneratedFiles({str(written[2]): digest}, {})
    assert found[str(tmp_path / "none")].state is State.ABSENT


def test_the_env_files_that_units_name(tmp_path: Path) -> None:
    """Whoever wrote the unit; what an env file holds is not looked at."""
    (tmp_path / "x.service.d").mkdir()
    (tmp_path / "x.service").write_text("[Service]\nEnvironmentFile=-/etc/a b.env\nEnvironmentFile=/etc/%i.env\n")
    (tmp_path / "x.service.d/1.conf").write_bytes(MARKED + b"EnvironmentFile=\n#EnvironmentFile=/etc/no.env\n")
    (tmp_path / "x.env").write_text("EnvironmentFile=hunter2\n")
    value = ask(probe([need(tmp_path)]))[0].value
    assert isinstance(value, GeneratedFiles)
    assert value.env_files == {
        str(tmp_path / "x.service"): ["-/etc/a b.env", "/etc/%i.env"],
        str(tmp_path / "x.service.d/1.conf"): [""],
    }


def test_of_what_has_no_mark_no_digest_is_made(tmp_path: Path) -> None:
    (tmp_path / "secret.env").write_bytes(b"PASSWORD=hunter2\n")
    answer = ask(probe([need(tmp_path)]))[0]
    assert answer.value == GeneratedFiles({}, {})


@pytest.mark.parametrize(
    ("stdout", "stderr", "state"),
    [
        (b"\0\0", b"", State.OBSERVED),
        (b"\0", b"", State.UNPARSEABLE),
        (b"\0\0/u/a.service\0", b"", State.UNPARSEABLE),
        (b"", b"", State.UNPARSEABLE),
        (b"/u/a\0", b"", State.UNPARSEABLE),
        (b"\0nonsense\0", b"", State.UNPARSEABLE),
        (b"\0\0", b"find: '/u/x.d': Permission denied\n", State.REFUSED),
        (b"\0\0", b"find: '/u': No such file or directory\n", State.ABSENT),
        (b"\0\0", b"find: '/elsewhere': Permission denied\n", State.OBSERVED),
    ],
)
def test_answers(stdout: bytes, stderr: bytes, state: State) -> None:
    assert probe([need("/u")]).parse([frame(stdout, stderr)])[0].state is state


def test_an_answer_that_was_cut_off() -> None:
    assert probe([need("/u")]).parse([None])[0].state is State.UNPARSEABLE
    assert probe([need("u")]).parse([])[0].state is State.NOT_ASKED
