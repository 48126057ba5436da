"""One comment on a request, by the API of its forge: made once, replaced ever after, and never someone else's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.adapters.forge import find_forge
from qtctl.errors import InputError
from tests.cli.conftest import RunHere
from tests.gates.forges import TOKEN, Forge, serve

MARK = "<!-- qtctl gate 12345678"
FORGES = ["github", "gitlab"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """This may be a job of a forge itself."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Job:
    """A job of a forge, which puts comments."""

    forge: Forge
    folder: Path
    run_here: RunHere
    patch: pytest.MonkeyPatch

    def put(self, kind: str, text: str) -> tuple[int, str]:
        (self.folder / "comment.md").write_text(text)
        for name, value in (self.forge.github() if kind == "github" else self.forge.gitlab()).items():
            self.patch.setenv(name, value)
        ran = self.run_here(self.folder, "comment", "comment.md")
        assert TOKEN not in ran.out + ran.err
        return ran.code, ran.out + ran.err


@pytest.fixture
def job(tmp_path: Path, run_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    with serve() as forge:
        yield Job(forge, tmp_path, run_here, monkeypatch)


@pytest.mark.parametrize("kind", FORGES)
def test_there_is_one_comment_whatever_was_said_before(job: Job, kind: str) -> None:
    for _ in range(120):
        job.forge.add("somebody else says something", ours=False)
    job.forge.add(f"{MARK} -->\nnot ours", ours=False)
    for number, done in ((1, "posted a comment"), (2, "replaced the comment"), (3, "replaced the comment")):
        code, said = job.put(kind, f"{MARK} -->\nnumber {number}\n")
        assert (code, done in said) == (0, True), said
    assert job.forge.bodies[-1] == f"{MARK} -->\nnumber 3\n"
    assert job.forge.bodies[-2] == f"{MARK} -->\nnot ours"
    assert len(job.forge.comments) == 122


@pytest.mark.parametrize("kind", FORGES)
def test_where_nothing_changes_none_is_made_and_one_that_is_there_says_so(job: Job, kind: str) -> None:
    same = f"{MARK} unchanged -->\nnothing\n"
    assert "does not change" in job.put(kind, same)[1]
    assert job.forge.comments == []
    job.forge.add(f"{MARK} -->\na plan")
    assert "replaced" in job.put(kind, same)[1]
    assert job.forge.bodies == [same]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 422, 500])
@pytest.mark.parametrize("kind", FORGES)
def test_what_the_forge_refuses_is_one_line(job: Job, kind: str, status: int) -> None:
    """A redirect too: the token is for no other server."""
    job.forge.status = status
    with serve() as other:
        job.forge.location = f"{other.url}/repos/acme/shop/issues/5/comments" if status == 301 else ""
        code, said = job.put(kind, f"{MARK} -->\n")
        assert other.asked == []
    assert (code, len(said.splitlines())) == (3, 1)
    assert str(status) in said


ODD = [b"<html>", b"[" * 100_000, b'{"id": 1}', b"[[1], 2, null]", b'[{"body": 5, "id": "x"}]']


@pytest.mark.parametrize("answer", ODD)
@pytest.mark.parametrize("kind", FORGES)
def test_odd_answers_are_no_traceback(job: Job, kind: str, answer: bytes) -> None:
    job.forge.answer = answer
    code, said = job.put(kind, f"{MARK} -->\n")
    assert code in (0, 3)
    assert "internal error" not in said


def test_nobody_answers(job: Job) -> None:
    job.forge.url = "http://127.0.0.1:9"
    code, said = job.put("github", f"{MARK} -->\n")
    assert (code, len(said.splitlines())) == (3, 1)


@pytest.mark.parametrize(
    ("kind", "changes", "says"),
    [
        ("github", {"GITHUB_ACTIONS": ""}, "not a GitHub or GitLab job"),
        ("github", {"GITHUB_REF": "refs/heads/main"}, "not for a pull request"),
        ("github", {"GITHUB_REF": "refs/pull/5/merge/../../6"}, "not for a pull request"),
        ("github", {"GITHUB_REPOSITORY": "a/b/../../c"}, "GITHUB_REPOSITORY is not a value"),
        ("github", {"GITHUB_API_URL": "file:///etc"}, "GITHUB_API_URL is not a value"),
        ("github", {"GITHUB_API_URL": "https://a@b"}, "GITHUB_API_URL is not a value"),
        ("github", {"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ("github", {"GITHUB_TOKEN": "a\r\nX: y"}, "GITHUB_TOKEN is not a value"),
        ("gitlab", {"CI_PROJECT_ID": "3/../4"}, "CI_PROJECT_ID is not a value"),
        ("gitlab", {"CI_MERGE_REQUEST_IID": ""}, "CI_MERGE_REQUEST_IID is not set"),
        ("gitlab", {"QTCTL_COMMENT_TOKEN": ""}, "QTCTL_COMMENT_TOKEN is not set"),
    ],
)
def test_variables_that_no_job_has(kind: str, changes: dict[str, str], says: str) -> None:
    with serve() as forge, pytest.raises(InputError, match=says):
        find_forge({**(forge.github() if kind == "github" else forge.gitlab()), **changes})


def test_what_is_no_comment_of_a_gate_is_not_put_there(tmp_path: Path, run_here: RunHere) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n")
    ran = run_here(tmp_path, "comment", "notes.md")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: notes.md: not a comment of qtctl gate (qtctl gate --comment FILE writes one)\n"
