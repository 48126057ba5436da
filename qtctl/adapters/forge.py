"""Comments on pull requests of GitHub and merge requests of GitLab, through their own APIs.

Their jobs have variables for where the forge is, which request this is, and the token that comments are written with.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from qtctl.errors import HostError, InputError
from qtctl.model.secret import Secret

DEADLINE_S = 20.0
LARGEST = 16 << 20
"""Bytes of an answer."""
PAGE, MOST_PAGES = 50, 40
_OF_PULL_REQUEST = re.compile(r"refs/pull/([0-9]+)/(?:merge|head)")
_TRUSTED = ("OWNER", "MEMBER", "COLLABORATOR")


@dataclass(frozen=True, slots=True)
class Forge:
    """`comments`: the URL of the request's comments; `one`: of one of them, before its id. `update`: GitHub's verb."""

    name: str
    comments: str
    one: str
    update: str
    headers: Mapping[str, str]
    token: Secret
    scheme: str
    me: str = ""
    """The URL that tells which user this is; empty: that is not asked."""


def find_forge(environ: Mapping[str, str]) -> Forge:
    """The request that this job is about. InputError if there is none, or a variable is missing."""
    if environ.get("GITLAB_CI"):
        return _find_gitlab(environ)
    if environ.get("GITHUB_ACTIONS"):
        return _find_github(environ)
    raise InputError("this is not a GitHub or GitLab job", hint="GITHUB_ACTIONS or GITLAB_CI says so in one")


def _find_github(environ: Mapping[str, str]) -> Forge:
    number = _OF_PULL_REQUEST.fullmatch(environ.get("GITHUB_REF", ""))
    if number is None:
        raise InputError("this job is not for a pull request", hint="in a job for one, GITHUB_REF is refs/pull/N/merge")
    repository = _check("GITHUB_REPOSITORY", environ.get("GITHUB_REPOSITORY"), r"[\w.-]+/[\w.-]+")
    issues = f"{_check_url('GITHUB_API_URL', environ.get('GITHUB_API_URL'))}/repos/{repository}/issues"
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    token = Secret(_check("GITHUB_TOKEN", environ.get("GITHUB_TOKEN"), r"[!-~]+"))
    return Forge(
        "GitHub", f"{issues}/{number[1]}/comments", f"{issues}/comments", "PATCH", headers, token, "Authorization"
    )


def _find_gitlab(environ: Mapping[str, str]) -> Forge:
    api = _check_url("CI_API_V4_URL", environ.get("CI_API_V4_URL"))
    project = _check("CI_PROJECT_ID", environ.get("CI_PROJECT_ID"), r"[0-9]+")
    request = _check("CI_MERGE_REQUEST_IID", environ.get("CI_MERGE_REQUEST_IID"), r"[0-9]+")
    notes = f"{api}/projects/{project}/merge_requests/{request}/notes"
    token = Secret(_check("QTCTL_COMMENT_TOKEN", environ.get("QTCTL_COMMENT_TOKEN"), r"[!-~]+"))
    return Forge("GitLab", notes, notes, "PUT", {}, token, "PRIVATE-TOKEN", f"{api}/user")


def _check(name: str, value: str | None, form: str) -> str:
    if not value or re.fullmatch(form, value) is None:
        what = "not a value that a job sets" if value else "not set"
        raise InputError(f"{name} is {what}", hint="see docs/gates.md")
    return value


def _check_url(name: str, value: str | None) -> str:
    return _check(name, value, r"https?://[\w.:\[\]-]+(/[\w./~-]*)?").rstrip("/")


def put_comment(forge: Forge, text: str, mark: str, *, make: bool) -> str:
    """Replace the comment that begins with `mark`, or create one. Returns what was done: updated, created or nothing.

    `make`: whether to create one if there is none. HostError if the forge does not answer, or refuses.
    """
    for number in _find_own(forge, mark):
        _ask(forge, forge.update, f"{forge.one}/{number}", {"body": text})
        return "updated"
    if not make:
        return "nothing"
    _ask(forge, "POST", forge.comments, {"body": text})
    return "created"


def _find_own(forge: Forge, mark: str) -> Iterator[int]:
    """Ids of our comments with the mark: a comment of someone else with it is not ours."""
    me = _find_me(forge) if forge.me else None
    for page in range(1, MOST_PAGES + 1):
        found = _ask(forge, "GET", f"{forge.comments}?per_page={PAGE}&page={page}")
        rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        for each in rows:
            if str(each.get("body", "")).startswith(mark) and _is_ours(each, me) and isinstance(each.get("id"), int):
                yield each["id"]
        if len(rows) < PAGE:
            return


def _find_me(forge: Forge) -> int:
    found = _ask(forge, "GET", forge.me)
    if not isinstance(found, dict) or not isinstance(found.get("id"), int):
        raise HostError(f"{forge.name} does not say whose token it is", hint="see its API's URL")
    return int(found["id"])


def _is_ours(row: Mapping[str, Any], me: object) -> bool:
    if me is not None:
        author = row.get("author")
        return isinstance(author, dict) and author.get("id") == me
    user = row.get("user")
    is_bot = isinstance(user, dict) and user.get("type") == "Bot"
    return is_bot or row.get("author_association") in _TRUSTED


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for one server only."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _ask(forge: Forge, method: str, url: str, content: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    token = forge.token.reveal()
    said = token if forge.scheme != "Authorization" else f"Bearer {token}"
    headers = {**forge.headers, forge.scheme: said, "Content-Type": "application/json", "User-Agent": "qtctl"}
    body = json.dumps(content).encode() if content is not None else None
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - http or https, see _check_url
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        raise HostError(f"{forge.name} answered {error.code} to {method}", hint=_find_hint(error.code)) from error
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise HostError(f"{forge.name} could not be asked: {type(error).__name__}", hint="see its API's URL") from error


def _find_hint(code: int) -> str:
    if code in (401, 403, 404):
        return "the token may not write comments there: pull-requests: write on GitHub, the scope api on GitLab"
    return "try again later"
