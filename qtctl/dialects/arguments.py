"""Secrets in command lines: after options, in options, in assignments, and in text that is passed to a shell."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from qtctl.dialects.secrets import HIDDEN, cut, find_secret_spans, is_harmless, is_secret_name, mask, split_apart

Span = tuple[int, int, str]
"""Start, end, and the name of the option or variable, or ''."""

_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z0-9._-]*)(=(.*))?", re.DOTALL)
_TOKEN = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"';&|()])+""")
_PORTS = re.compile(r"[0-9.:\[\]/,-]+(tcp|udp)?|[0-9]+")
_MIXED = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[^=/:,]{6,256}")
_SPACE = re.compile(r"\s")
_DEEP = 2
_LONGEST = 65_536
"""Characters of a command that are searched word by word. In a longer command every word but the first is hidden."""
_WITH_P = frozenset(
    {"mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mariadb", "mariadb-dump", "mariadb-admin"}
    | {"sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "sqlcmd", "mosquitto_pub", "mosquitto_sub"}
)
"""Programs with which -p or -P is a password, also when attached (-pPASSWORD)."""
_WITHOUT = frozenset(
    {"compose", "docker-compose", "podman-compose", "journalctl", "celery", "rsync", "ssh", "cp", "mkdir", "install"}
    | {"tar", "ps", "pgrep", "pkill", "taskset", "ionice", "uwsgi", "git", "make", "screen", "top"}
)
"""Programs with which -p or -P is never a password."""
_OWN = {
    "-a": frozenset({"redis-cli", "http", "https", "xh"}),
    "-w": frozenset({"ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami"}),
    "-u": frozenset({"curl", "amqp-publish"}),
    "--user": frozenset({"curl"}),
    "-U": frozenset({"curl", "smbclient", "rpcclient"}),
    "--proxy-user": frozenset({"curl"}),
}
"""Options that take a password, or USER:PASSWORD, with these programs only."""


def find_argument_spans(words: Sequence[str]) -> list[list[Span]]:
    """Where the words of a command (program first) look like secrets."""
    return _find_spans(words, _DEEP)


def is_never_password(words: Sequence[str]) -> bool:
    """Whether -p means something else to one of the programs (a project, a priority, a mode) and a password to none."""
    return not takes_password(words) and not _WITHOUT.isdisjoint(PurePosixPath(each).name for each in words)


def takes_password(words: Sequence[str]) -> bool:
    """Whether one of the words is a program to which -p or -P is a password."""
    return not _WITH_P.isdisjoint(PurePosixPath(each).name for word in words for each in word.split()[:8])


def mask_arguments(words: Sequence[str]) -> tuple[str, ...]:
    """The words as they may be shown."""
    if sum(map(len, words)) > _LONGEST:
        return (*(mask(word) for word in words[:1]), HIDDEN)
    return tuple(map(cut, words, find_argument_spans(words)))


def mask_lines(text: str) -> str:
    """A text that may be shown. Its lines may be commands, or assignments of commands."""
    return "\n".join(
        cut(line, split_apart([*find_secret_spans(line), *_find_inside(line, _DEEP)])) for line in text.split("\n")
    )


def _find_spans(words: Sequence[str], deep: int) -> list[list[Span]]:
    """`deep`: how many levels of commands inside words are searched, as with `sh -c`."""
    found: list[list[Span]] = []
    programs: set[str] = set()
    option = ""
    for word in words:
        found.append(_find_word_spans(word, option, programs, deep))
        given = _OPTION.fullmatch(word)
        option = given[1] if given and given[2] is None else ""
        programs.add(_name_program(word))
    return found


def _name_program(word: str) -> str:
    """The name of the program, if the word is one; '' for a long word, which is none."""
    if len(word) >= _LONGEST // 16:
        return ""
    return PurePosixPath(word).name if "/" in word else word


def _find_word_spans(word: str, option: str, programs: set[str], deep: int) -> list[Span]:
    after = _find_after(option, word, programs)
    if after is not None:
        return [(after, len(word), option)]
    given = _OPTION.fullmatch(word)
    if given and given[3] and is_secret_name(given[1]) and not is_harmless(given[3].strip("\"'")):
        return [(given.start(3), len(word), given[1])]
    if given and given[3] is not None and (after := _find_after(given[1], given[3], programs)) is not None:
        return [(given.start(3) + after, len(word), given[1])]
    if _is_attached(word, programs):
        return [(2, len(word), "password")]
    spans = find_secret_spans(word)
    return split_apart([*spans, *_find_inside(word, deep - 1)]) if deep and _SPACE.search(word) else spans


def _find_after(option: str, word: str, programs: set[str]) -> int | None:
    """Where the secret begins in the word after an option; None if there is none."""
    plain = word.strip("\"'")
    if not option or word.startswith("-") or is_harmless(plain):
        return None
    if is_secret_name(option):
        return 0
    if option in ("-p", "-P"):
        return None if _PORTS.fullmatch(plain) and not programs & _WITH_P else 0
    if not programs & _OWN.get(option, frozenset()):
        return None
    cut = max(word.find(":"), word.find("%"))
    if cut < 0:
        return 0 if option in ("-a", "-w") else None
    return None if is_harmless(word[cut + 1 :].strip("\"'")) else cut + 1


def _is_attached(word: str, programs: set[str]) -> bool:
    """Whether it is -pPASSWORD, unlike -profile and -p8080."""
    if not word.startswith(("-p", "-P")) or len(word) <= len("-p") or is_harmless(word[2:]):
        return False
    return bool(programs & _WITH_P) or bool(_MIXED.fullmatch(word[2:]))


def _find_inside(text: str, deep: int) -> list[Span]:
    """Secrets in a text that is one or more commands."""
    if len(text) > _LONGEST:
        return [(0, len(text), "")]
    tokens = [_unquote(token) for token in _TOKEN.finditer(text)]
    spans = _find_spans([word for _, word in tokens], deep)
    return [
        (at + start, at + end, name) for (at, _), those in zip(tokens, spans, strict=True) for start, end, name in those
    ]


def _unquote(token: re.Match[str]) -> tuple[int, str]:
    """Where the text inside the quotes begins, and that text."""
    word = token[0]
    quoted = len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]
    return (token.start() + 1, word[1:-1]) if quoted else (token.start(), word)
