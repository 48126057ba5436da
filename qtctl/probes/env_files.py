"""What systemd reads in env files (fact `env`), for root alone.

Values stay on the host: declared ones are digested there, and for secrets only whether they are empty is reported.
Digests use a nonce of the look, so that two looks cannot be compared.
"""

import re
from collections.abc import Mapping, Sequence

from qtctl.dialects.shell import quote
from qtctl.model.evidence import Need
from qtctl.model.inquiry import EnvQuestion, Inquiry
from qtctl.model.plausible import parse_whole
from qtctl.model.process_facts import EnvText
from qtctl.probes.answer import (
    Answer,
    answer_absent,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    divide_needs,
    explain_odd_path,
    find_first_line,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.remote.scripts import read_script

MOST = 256 * 1024
"""Bytes of a file that are read."""
MOST_LINES = 10**9
KINDS = frozenset(("closed", "comment", "continued", "equals", "export", "name", "quote"))
UNUSABLE = frozenset(("nul", "utf8"))
TOOLS = ("awk", "head", "readlink", "sha256sum", "stat", "tr")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LISTED = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NOT_READ = {"missing": "not there, or a link that leads nowhere", "other": "not a regular file"}

SCRIPTS = Library(
    "env_files",
    ("way.sh", "env_files.sh"),
    {"read_env_files": ArgumentKind.ANYTHING},
    (("most", str(MOST)), ("reader", read_script("env_file.awk"))),
)


def probe(needs: Sequence[Need], questions: Mapping[str, EnvQuestion], nonce: str) -> Probe:
    """One command for all files. `questions`: by path."""
    able, odd = divide_needs(needs, lambda need: explain_odd_path(need.subject))
    asked = [questions.get(need.subject, EnvQuestion(need.subject)) for need in able]
    if not asked:
        return Probe((), lambda _: odd)
    return Probe(
        (_make_command(asked, nonce),), lambda frames: odd + _parse([each.path for each in asked], frames, nonce)
    )


def make_again(path: str) -> str:
    """Shows the names, without values."""
    return f"sudo grep -oE '^[A-Za-z_][A-Za-z0-9_]*=' {quote(path)}"


def _make_command(asked: Sequence[EnvQuestion], nonce: str) -> Command:
    words = [word for each in asked for word in (each.path, _join_names(each.keys), _join_names(each.secrets))]
    paths = tuple(each.path for each in asked)
    call = ("read_env_files", nonce, *words)
    return SCRIPTS.make_command([call], ("env_files", *paths), "sudo grep -oE '^[A-Za-z_][A-Za-z0-9_]*=' FILE", TOOLS)


def _join_names(names: Sequence[str]) -> str:
    return f" {' '.join(names)} " if names else ""


def _parse(paths: Sequence[str], frames: Frames, nonce: str) -> list[Answer]:
    frame = frames[0]
    needs = [Need(EnvText.FACT, path) for path in paths]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need.subject)) for need in needs]
    said: dict[int, list[list[str]]] = {}
    at = -1
    for line in decode_text(frame.stdout).split("\n"):
        fields = line.split(" ", 3)
        if fields[0] == "F":
            at = parse_whole(fields[1], len(paths) - 1)
            said[at] = []
        if at >= 0 and line:
            said[at].append(fields)
    return [_answer(need, said.get(number), frame, nonce) for number, need in enumerate(needs)]


def _answer(need: Need, said: list[list[str]] | None, frame: Frame, nonce: str) -> Answer:
    proof = make_again(need.subject)
    if not said:
        return answer_refused(need, find_first_line(frame.stderr) or "no answer for this file", again=proof)
    (_, _, state, *why), *rows = said
    if state in _NOT_READ:
        return answer_absent(need, _NOT_READ[state], again=proof)
    if state != "read":
        return _answer_refused(need, state, " ".join(why))
    if not rows or rows[-1] != ["Z"]:
        return answer_refused(need, find_first_line(frame.stderr) or "it could not be read to its end", again=proof)
    try:
        return answer_observed(need, _read_text(rows[:-1], nonce), again=proof)
    except (ValueError, IndexError) as error:
        return answer_unparseable(need, f"the host's answer could not be read: {error}", again=proof)


def _answer_refused(need: Need, state: str, why: str) -> Answer:
    """What root did not read."""
    if state == "large":
        what, help_ = f"more than {MOST} bytes, too large for an env file", "look at it on the host"
    else:
        what, help_ = f"root does not read it: {why}", "close the folder, then audit again; qtctl explain QT608"
    return answer_refused(need, what, again=make_again(need.subject), help_=help_)


def _read_text(rows: Sequence[Sequence[str]], nonce: str) -> EnvText:
    """ValueError if it is not what the script prints."""
    found = EnvText(nonce, {}, [], {}, [], [])
    unusable = ""
    for tag, *fields in rows:
        if tag == "V":
            key, bare, digest = fields
            found.digests[_check_word(_NAME, key)] = _check_word(_DIGEST, digest)
            if bare == "1":
                found.plain.append(key)
        elif tag == "S":
            found.secrets[_check_word(_NAME, fields[0])] = fields[1] == "1"
        elif tag == "U":
            found.others.append([_decode_line(fields[0]), "" if fields[1] == "-" else _check_word(_LISTED, fields[1])])
        elif tag == "L":
            found.lines.append([_decode_line(fields[0]), _choose_word(KINDS, fields[1])])
        elif tag == "X":
            unusable = _choose_word(UNUSABLE, fields[0])
        else:
            raise ValueError("a line of another kind")
    return EnvText(nonce, found.digests, found.plain, found.secrets, found.others, found.lines, unusable)


def _check_word(form: re.Pattern[str], word: str) -> str:
    """An invalid word is not shown: nobody knows what it is."""
    if not form.fullmatch(word):
        raise ValueError("a word of another form")
    return word


def _choose_word(words: frozenset[str], word: str) -> str:
    if word not in words:
        raise ValueError("a word that the script does not print")
    return word


def _decode_line(word: str) -> str:
    return str(parse_whole(word, MOST_LINES))


def _make_probe(needs: Sequence[Need], inquiry: Inquiry) -> Probe:
    return probe(needs, {each.path: each for each in inquiry.env}, inquiry.nonce)


FAMILY = Family((EnvText,), _make_probe)
