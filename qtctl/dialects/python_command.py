"""What a command line makes Python run: a script, a module, or the application that a server imports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from posixpath import basename

_PYTHON = re.compile(r"(python|pypy)(3(\.[0-9]+)?)?")
_SERVERS = frozenset(("uvicorn", "gunicorn", "hypercorn", "daphne"))
"""They import the module before the colon in their argument, also from the folder that they are started in."""
_APP = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*):[A-Za-z_]\S*")
"""`package.module:name`; an address such as 127.0.0.1:8001 does not match."""
_LETTERS_WITH_VALUE = "WX"
_WORDS_WITH_VALUE = ("--check-hash-based-pycs",)
_FOLDER_OPTIONS = ("--app-dir", "--chdir", "--pythonpath")


@dataclass(frozen=True, slots=True)
class PythonCommand:
    """`script` as written, `module` of -m, `app` the module that a server imports; '' for those that do not apply.

    `flags`: the letters of the interpreter's own options. `folders`: those that a server is told to search.
    """

    script: str = ""
    module: str = ""
    app: str = ""
    flags: str = ""
    folders: tuple[str, ...] = ()

    @property
    def is_server(self) -> bool:
        return bool(self.app) or self.module in _SERVERS

    @property
    def searches_start_folder(self) -> bool:
        """Whether modules are searched for in the folder that the program is started in."""
        return self.is_server or not {"I", "P"} & {*self.flags}

    @property
    def reads_environment(self) -> bool:
        """Whether PYTHONPATH counts."""
        return not {"I", "E"} & {*self.flags}


def read_python_command(argv: Sequence[str]) -> PythonCommand | None:
    """None unless it is an interpreter or a known application server."""
    name = basename(argv[0]) if argv else ""
    if name in _SERVERS:
        return _read_server("", "", argv[1:])
    return _read_interpreter(argv[1:]) if _PYTHON.fullmatch(name) else None


def _read_interpreter(words: Sequence[str]) -> PythonCommand:
    flags, at = "", 0
    while at < len(words):
        word = words[at]
        if word in _WORDS_WITH_VALUE:
            at += 2
        elif word.startswith("--"):
            at += 1
        elif not word.startswith("-") or word == "-":
            return PythonCommand("" if word == "-" else word, flags=flags)
        else:
            letters, ends, value = _split_cluster(word[1:])
            flags += letters
            if ends in ("m", "c"):
                return _read_started(ends, [value, *words[at + 1 :]] if value else words[at + 1 :], flags)
            at += 2 if ends and not value else 1
    return PythonCommand(flags=flags)


def _split_cluster(letters: str) -> tuple[str, str, str]:
    """Plain flags, the letter that takes a value ('' for none), and the part of the value in the same word."""
    for at, letter in enumerate(letters):
        if letter in f"mc{_LETTERS_WITH_VALUE}":
            return letters[:at], letter, letters[at + 1 :]
    return letters, "", ""


def _read_started(option: str, words: Sequence[str], flags: str) -> PythonCommand:
    """What follows `-m` or `-c`. What a program text imports is not known."""
    if option == "c" or not words:
        return PythonCommand(flags=flags)
    module, *rest = words
    return _read_server(module, flags, rest) if module in _SERVERS else PythonCommand(module=module, flags=flags)


def _read_server(module: str, flags: str, words: Sequence[str]) -> PythonCommand:
    found = (_APP.fullmatch(word) for word in words)
    app = next((each[1] for each in found if each), "")
    pairs = pairwise(words)
    apart = [value for option, value in pairs if option in _FOLDER_OPTIONS]
    joined = [
        word.partition("=")[2] for word in words if word.startswith(tuple(f"{option}=" for option in _FOLDER_OPTIONS))
    ]
    return PythonCommand(module=module, app=app, flags=flags, folders=(*apart, *joined))
