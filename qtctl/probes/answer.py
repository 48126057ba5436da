"""A probe's answers: one `Answer` for each need it was given, whatever the host said."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

from qtctl.model.evidence import Need, State
from qtctl.model.fact import Fact
from qtctl.model.plausible import LONGEST_LINE, find_problem

MISSING = ("No such file or directory", "Not a directory")
"""The texts of ENOENT and ENOTDIR in the C locale: the path does not exist. Other errors do not tell."""

DENIED = "Permission denied"
"""The text of EACCES in the C locale."""
TIMED_OUT = (124, 137)
"""timeout's exit statuses: the program was terminated, or had to be killed."""
LONGEST_REASON = 1000
PACKAGES = {"find": "findutils", "ss": "iproute2", "getent": "libc-bin", "awk": "mawk", "sed": "sed", "tar": "tar"}
"""The Debian and Ubuntu package of a program. Other programs are in coreutils."""
COMMAND_NOT_FOUND = 127
"""The shell's exit status for a program that is not installed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One fact, not yet numbered.

    `question`: the index, within its probe, of the question that answered it. `help`, `needs_root`, `fault`: as in an
    Item.
    """

    need: Need
    state: State
    value: Fact | None = None
    reason: str | None = None
    again: str = ""
    line: str = ""
    question: int = 0
    help: str = ""
    needs_root: bool = False
    fault: str = ""


def answer_observed(need: Need, value: Fact, *, again: str = "", line: str = "", question: int = 0) -> Answer:
    """Unparseable if no host can have answered that."""
    if why := find_problem(value):
        return answer_unparseable(need, why, again=again, question=question)
    return Answer(need, State.OBSERVED, value, None, again, line[:LONGEST_LINE], question)


def answer_absent(need: Need, reason: str, *, again: str = "", line: str = "", question: int = 0) -> Answer:
    return Answer(need, State.ABSENT, None, _shorten_reason(reason), again, line[:LONGEST_LINE], question)


def answer_refused(
    need: Need, reason: str, *, again: str = "", line: str = "", question: int = 0, help_: str = ""
) -> Answer:
    return Answer(need, State.REFUSED, None, _shorten_reason(reason), again, line[:LONGEST_LINE], question, help_)


def answer_unparseable(need: Need, reason: str, *, again: str = "", question: int = 0) -> Answer:
    return Answer(need, State.UNPARSEABLE, None, _shorten_reason(reason), again, "", question)


def answer_not_asked(need: Need, reason: str) -> Answer:
    return Answer(need, State.NOT_ASKED, None, reason)


def needs_root(need: Need, reason: str, *, again: str = "", line: str = "", question: int = 0) -> Answer:
    """What only root can tell, not the audit account."""
    return Answer(
        need, State.NOT_ASKED, None, _shorten_reason(reason), again, line[:LONGEST_LINE], question, needs_root=True
    )


def mark_denied(answer: Answer) -> Answer:
    """The answer unchanged; if the kernel refused the account, marked as available to root."""
    if answer.state is not State.REFUSED or not (answer.reason or "").endswith(DENIED):
        return answer
    return replace(answer, needs_root=True)


def mark_refused_to_root(answer: Answer) -> Answer:
    """The answer unchanged: if root was asked, nobody else can tell."""
    return replace(answer, state=State.REFUSED, needs_root=False) if answer.needs_root else answer


def answer_not_installed(need: Need, tool: str, *, again: str = "", question: int = 0) -> Answer:
    """It cannot be asked because a program is missing. No permission would help."""
    package = PACKAGES.get(tool, "coreutils")
    why, help_ = f"{tool} is not installed", f"install {tool} on the host (package {package}), then audit again"
    return answer_refused(need, why, again=again, question=question, help_=help_)


_UNKNOWN_OPTION = re.compile(
    rb"(?m)^([a-z0-9]{1,20}): (?:unrecognized option|unrecognized|invalid option)(?::| --)? ?'?(-{0,2}[A-Za-z-]{1,40})"
)
"""As busybox and GNU getopt word it."""


def find_unknown_option(stderr: bytes) -> tuple[str, str] | None:
    """The program that rejected an option, and the option."""
    found = _UNKNOWN_OPTION.search(stderr)
    if found is None:
        return None
    option = found[2].decode()
    return found[1].decode(), option if option.startswith("-") else f"-{option}"


def answer_not_gnu(answer: Answer, tool: str, option: str) -> Answer:
    """The answer, refused because the tool is a different implementation."""
    package = PACKAGES.get(tool, "coreutils")
    why = f"{tool} does not support {option} on this host: it is busybox's, or not GNU's"
    help_ = f"install GNU {tool} on the host (package {package}), then audit again"
    return replace(answer, state=State.REFUSED, value=None, reason=why, help=help_)


def _shorten_reason(words: str) -> str:
    """A host's own words in it may have any length."""
    cut = words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]}…"
    return _show_reason(cut)


def hide_secrets(text: str) -> str:
    """A command's output, with HIDDEN instead of anything that looks like a secret. Digests stay."""
    return _show_reason(text)


@cache
def _show_reason(reason: str) -> str:
    """Shells, sudo and others quote what they do not understand."""
    from qtctl.dialects.secrets import mask_message  # noqa: PLC0415 - 10 ms: loaded while the host answers

    return mask_message(reason)


def judge_path_message(need: Need, message: str, *, again: str = "", question: int = 0) -> Answer:
    """Judge the message of a command that failed for one path: absent only if the kernel said so.

    `message` as GNU tools print it in the C locale: `tool: 'path': Permission denied`.
    """
    said = message.rpartition(": ")[2]
    if said in MISSING:
        return answer_absent(need, said, again=again, line=said, question=question)
    return answer_refused(need, said or "no reason given", again=again, line=said, question=question)


def decode_text(raw: bytes) -> str:
    """Bytes from a host as text that fits in a JSON document."""
    return raw.decode("utf-8", "replace")


def find_last_line(text: bytes) -> str:
    """The last line of a script's standard error, which has the reason."""
    return text.decode("utf-8", "replace").strip().rpartition("\n")[2]


def find_first_line(raw: bytes, limit: int = 200) -> str:
    return decode_text(raw.strip().partition(b"\n")[0].strip())[:limit]


def divide_needs(needs: Iterable[Need], odd: Callable[[Need], str]) -> tuple[list[Need], list[Answer]]:
    """The needs that can be asked, each once and sorted, and answers to all others. `odd`: why one cannot be, or ''."""
    wanted = sorted(set(needs), key=lambda need: (need.fact, need.subject))
    answers = [answer_not_asked(need, why) for need in wanted if (why := odd(need))]
    return [need for need in wanted if not odd(need)], answers


def explain_odd_path(path: str) -> str:
    """Why a path is not asked for, or ''."""
    if not path.startswith("/"):
        return "not an absolute path"
    if not path.isprintable():
        return "a path with control characters is not asked for"
    return ""
