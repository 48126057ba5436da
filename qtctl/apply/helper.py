"""The program that `qtctl host prepare` installs: what root does for an account that may run it with sudo.

It has all scripts that root runs for an audit or a deploy, and takes only data. Its version is a digest of its text: a
host that was prepared by another qtctl says so, and nothing is asked of it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from shlex import quote

from qtctl import probes
from qtctl.apply.containers import SHAPE
from qtctl.apply.generation import BASE, FILE_MOST, LEASE_S, TRANSACTION_SCRIPTS, UNIT_FOLDER
from qtctl.apply.installed import MOST_LISTED
from qtctl.dialects.hosts import PATH as HOSTS_PATH
from qtctl.model.backup import EMPTY_SHA256
from qtctl.model.desired_install import STORE
from qtctl.plan.secrets import LARGEST as SECRET_MOST
from qtctl.probes.batch import ArgumentKind, Library
from qtctl.probes.files import DIGEST, DIGEST_KIB, FORMAT, MARK, MARK_KIB
from qtctl.probes.hosts_file import MOST as HOSTS_MOST
from qtctl.probes.listeners import ARGV as LISTENERS
from qtctl.probes.unix_sockets import ARGV as UNIX_SOCKETS
from qtctl.remote.helper_place import CONFIG, HELPER
from qtctl.remote.request import Request
from qtctl.remote.scripts import read_script
from qtctl.version import VERSION

HEAD_BYTES = 40
_END = "END_OF_TRANSACTION"
_WITHIN_S = 60
"""No look takes longer, even if nobody waits for it any more."""

READABLE, FOLDERS, FLEET, NUMBER, LISTED = "readable", "folders", "fleet", "number", "listed"
"""Kinds of argument beside `ArgumentKind`: files that qtctl writes, units of the fleets, and what a backup lists."""
_READS = {
    "read_current": ("current", READABLE),
    "list_generations": ("generations", ArgumentKind.NOTHING),
    "fetch_generation": ("generations", NUMBER),
    "show_last_lines": ("journal", FLEET),
    "list_installed": ("installed", LISTED),
    "list_containers": ("docker", ArgumentKind.NOTHING),
}
"""Function → its script, and the kind of its arguments."""
_STRICTER = {"find_generated": FOLDERS}
"""Functions for which the helper accepts less than root would."""
_CALLERS = ("checkouts",)
"""Scripts that the helper runs as the account that asks: they read files that it names."""
_HOOKS = {"checks": "helper_restrict_checks", "env_files": "helper_restrict_env_files"}
"""Script → what the helper changes in it."""
_ALONE = (
    "attached",
    "control",
    "docker",
    "find",
    "frames",
    "generations",
    "journal",
    "ran",
    "secrets",
    "stage",
    "store",
    "trail",
    "way",
)
"""Scripts that need only what every part of the helper has."""
_FIND = ("find", "<paths>", "-maxdepth", "0")
_READ = ("find", "<files>", "-maxdepth", "0", "-type", "f", "-readable", "-size")
_SHAPES: tuple[tuple[str, ...], ...] = (
    ("true",),
    LISTENERS,
    UNIX_SOCKETS,
    ("getent", "passwd", "<names>"),
    ("getent", "group", "<names>"),
    ("head", "-c", str(HOSTS_MOST + 1), HOSTS_PATH),
    (*_FIND, "-printf", FORMAT),
    (*_READ, f"-{DIGEST_KIB + 1}k", "-exec", DIGEST, "-z", "--", "{}", "+"),
    (*_READ, f"-{MARK_KIB + 1}k", "-exec", "sed", "-s", "-n", f"1{{/^{MARK}/F}}", "--", "{}", "+"),
)  # fmt: skip
"""Programs that may be run for evidence, word by word."""


@dataclass(frozen=True, slots=True)
class Helper:
    version: str
    text: str


@cache
def build_helper() -> Helper:
    body = _build_body()
    version = hashlib.sha256(body.encode()).hexdigest()[:16]
    return Helper(version, _write_first_lines(version) + body)


def pack(request: Request) -> bytes:
    """A request as the helper reads it: a head of 40 bytes, and the data."""
    head = f"qtctl {build_helper().version} {len(request.data)}"
    return head.ljust(HEAD_BYTES - 1).encode() + b"\n" + request.data


def _write_first_lines(version: str) -> str:
    return "".join(
        (
            "#!/bin/sh\n",
            f"# Version {version}, written by qtctl {VERSION} (qtctl host prepare): do not edit.\n",
            "# Who may have it stage a deploy may write units, and whoever may write units is root.\n",
            f"version={version} helper={HELPER} within={_WITHIN_S}\n",
            read_script("helper_head.sh"),
        )
    )


def _build_body() -> str:
    given = {
        "base": BASE, "store": STORE, "unit_folder": UNIT_FOLDER, "config": CONFIG, "mark": MARK,
        "lease_s": str(LEASE_S), "most": str(FILE_MOST),
        "secret_most": str(SECRET_MOST), "empty_sha": EMPTY_SHA256, "shape": SHAPE, "limit": "10",
        "remover": read_script("env_without.awk"), "reader": read_script("env_file.awk"),
        "compile": _write_tables() + read_script("helper.awk"),
    }  # fmt: skip
    transaction = "".join(map(read_script, TRANSACTION_SCRIPTS))
    return "".join(
        (
            *(f"{name}={quote(value)}\n" for name, value in given.items()),
            *(_write_function(library.name, library.text) for library in load_libraries()),
            *(_write_function(name, read_script(f"{name}.sh")) for name in _ALONE),
            _write_function("transaction", read_script("damaged.sh") + read_script("transaction.sh")),
            _write_function("installed", f"most={MOST_LISTED}\n{read_script('installed.sh')}"),
            _write_text("build_text", read_script("build_venv.sh")),
            _write_text("import_text", read_script("import_entry.py")),
            _write_function("current", f"most={DIGEST_KIB}\n{read_script('current.sh')}"),
            _write_text("transaction_text", transaction),
            read_script("helper.sh"),
            read_script("helper_more.sh"),
            'helper_main "$1"\n',
        )
    )


def _write_text(name: str, text: str) -> str:
    return f"{name}() {{\ncat <<'{_END}'\n{text}{_END}\n}}\n"


def _write_function(name: str, text: str) -> str:
    more = f"{_HOOKS[name]}\n" if name in _HOOKS else ""
    return f"lib_{name}() {{\n{text}{more}}}\n"


def _write_tables() -> str:
    """The functions and programs that may be called, for helper.awk."""
    functions = {
        name: (each.name, _STRICTER.get(name, takes))
        for each in load_libraries()
        for name, takes in each.functions.items()
    }
    lines = [
        f'library["{name}"] = "{library}"; takes["{name}"] = "{takes}"'
        for name, (library, takes) in sorted({**functions, **_READS}.items())
    ]
    lines += [f'callers["{name}"] = 1' for name in _CALLERS]
    shapes = ["\\t".join(map(_quote_for_awk, words)) for words in _SHAPES]
    lines += [f'shape[{number}] = "{words}"' for number, words in enumerate(shapes, 1)]
    return "BEGIN {\n" + "\n".join((*lines, f"shapes = {len(shapes)}")) + "\n}\n"


def _quote_for_awk(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


@cache
def load_libraries() -> tuple[Library, ...]:
    return tuple(sorted(_read_libraries(), key=lambda each: each.name))


def _read_libraries() -> Iterator[Library]:
    for found in iter_modules(probes.__path__):
        library = getattr(import_module(f"{probes.__name__}.{found.name}"), "SCRIPTS", None)
        if isinstance(library, Library):
            yield library
