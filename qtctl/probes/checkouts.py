"""Git checkouts (fact `checkout`): their commit, and which tracked files have changed.

They are read as files, and git is never run: the owner of a checkout decides in its config what git runs. Files whose
size or times differ from the index are read on the host in a second exec, for the id that git would give their content.
"""

import re
import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qtctl.dialects.git.index import IndexEntry, UnreadIndex, read_index
from qtctl.dialects.git.objects import ID, compute_tree_id, read_tree_of_loose, read_tree_of_packed
from qtctl.dialects.git.working_tree import Compared, How, Seen, compare, decode_names
from qtctl.dialects.shell import quote
from qtctl.model.code_facts import Checkout
from qtctl.model.evidence import Need
from qtctl.model.plausible import LONGEST_LINE, parse_whole
from qtctl.probes.answer import (
    Answer,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    explain_odd_path,
    judge_path_message,
)
from qtctl.probes.batch import ArgumentKind, Command, Frame, Frames, Library, Probe
from qtctl.probes.family import Family

MOST_CHECKOUTS = 8
MOST_INDEX, MOST_LIST, MOST_TEXT = 4_000_000, 8_000_000, 65_536
"""Bytes, before they are compressed."""
MOST_FILES, MOST_BYTES = 500, 64_000_000
"""How many files are read to compare their content with the index, and how many bytes of them together."""
MOST_SHOWN = 50
_TOOLS = ("stat", "head", "tr", "find", "gzip", "base64", "od", "grep", "sed", "awk", "tail")
_TIME = re.compile(r"(-?[0-9]{1,12})(?:\.([0-9]{1,12}))?")
_COLUMNS = 6

SCRIPTS = Library(
    "checkouts",
    ("checkouts.sh",),
    {"show_checkouts": ArgumentKind.PATHS, "hash_contents": ArgumentKind.ANYTHING},
    (("most_index", str(MOST_INDEX)), ("most_list", str(MOST_LIST)), ("most_text", str(MOST_TEXT))),
)


@dataclass(slots=True)
class _Block:
    """The answer about one folder: its lines by letter, and what was parsed from them."""

    need: Need
    said: dict[str, list[str]] = field(default_factory=dict)

    def get_first(self, letter: str) -> str:
        return next(iter(self.said.get(letter, ())), "")


@dataclass(frozen=True, slots=True)
class _Read:
    """A checkout, as far as it could be compared. `unsure`: why it could not."""

    compared: Compared
    sizes: Mapping[bytes, int]
    staged: bool | None = None
    unsure: str = ""
    converts: bool = False


def probe(needs: Sequence[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    asked = [need for need in wanted if not explain_odd_path(need.subject)][:MOST_CHECKOUTS]
    rest = [
        answer_not_asked(
            need, explain_odd_path(need.subject) or f"more than {MOST_CHECKOUTS} checkouts are not asked for"
        )
        for need in wanted
        if need not in asked
    ]
    if not asked:
        return Probe((), lambda _: rest)
    call = ("show_checkouts", *(need.subject for need in asked))
    argv = ("cat", *(f"{need.subject}/.git/HEAD" for need in asked))
    command = SCRIPTS.make_command([call], argv, "cat .git/HEAD", _TOOLS)
    return Probe(
        (command,),
        lambda frames: [*_parse(asked, frames[0], {}), *rest],
        lambda frames: _follow_up(asked, frames[0], rest),
    )


def make_again(path: str) -> str:
    return f"cat {quote(f'{path}/.git/HEAD')}"


def _split_blocks(needs: Sequence[Need], frame: Frame | None) -> list[_Block]:
    """ValueError if there is not one for each."""
    if frame is None:
        raise ValueError("the answer was cut off")
    blocks: list[_Block] = []
    for line in decode_text(frame.stdout).split("\n"):
        if line == "=":
            blocks.append(_Block(needs[len(blocks)]) if len(blocks) < len(needs) else _make_too_many())
        elif line and blocks:
            blocks[-1].said.setdefault(line[0], []).append(line[2:])
    if len(blocks) != len(needs):
        raise ValueError("the answer was cut off")
    return blocks


def _make_too_many() -> _Block:
    raise ValueError("more answers than questions")


def _follow_up(needs: Sequence[Need], frame: Frame | None, rest: list[Answer]) -> Probe | None:
    """A look at the contents of files that may have changed; None if none may."""
    blocks = _split_blocks(needs, frame)
    wanted = {block.need.subject: _choose_to_read(_compare(block)) for block in blocks}
    asked = {path: files for path, files in wanted.items() if files}
    if not asked:
        return None
    commands = tuple(_make_contents_command(path, files) for path, files in asked.items())

    def parse(frames: Frames) -> list[Answer]:
        ids = {
            path: _read_ids(list(files), contents)
            for (path, files), contents in zip(asked.items(), frames, strict=True)
        }
        return [*_parse(needs, frame, ids), *rest]

    return Probe(commands, parse)


def _choose_to_read(read: _Read) -> dict[bytes, int]:
    """Path and size of each, small ones first, as many as fit into the limits."""
    left, found = MOST_BYTES, {}
    there = [path for path in read.compared.suspects if path in read.sizes]
    for path in sorted(there, key=lambda path: (read.sizes[path], path))[:MOST_FILES]:
        left -= read.sizes[path]
        if left >= 0 and _is_text(path):
            found[path] = read.sizes[path]
    return found


def _is_text(path: bytes) -> bool:
    """Whether it can be part of a script."""
    try:
        return bool(path.decode())
    except UnicodeDecodeError:
        return False


def _make_contents_command(path: str, files: Mapping[bytes, int]) -> Command:
    words = [word for name, size in files.items() for word in (str(size), name.decode())]
    return SCRIPTS.make_command([("hash_contents", path, *words)], ("sha1sum", path), "sha1sum", ("head", "sha1sum"))


def _read_ids(paths: Sequence[bytes], frame: Frame | None) -> dict[bytes, str]:
    """The ids of those that were read."""
    rows = decode_text(frame.stdout).split("\n") if frame else []
    found = zip(paths, rows, strict=False)
    return {path: row[:40] for path, row in found if ID.fullmatch(row[:40])}


def _parse(needs: Sequence[Need], frame: Frame | None, ids: Mapping[str, Mapping[bytes, str]]) -> list[Answer]:
    try:
        blocks = _split_blocks(needs, frame)
    except ValueError as error:
        return [answer_unparseable(need, str(error), again=make_again(need.subject)) for need in needs]
    return [_answer(block, ids.get(block.need.subject, {})) for block in blocks]


def _answer(block: _Block, ids: Mapping[bytes, str]) -> Answer:
    need = block.need
    if failed := block.get_first("e"):
        return judge_path_message(need, failed, again=f"ls -d {quote(need.subject)}")
    owner = block.get_first("o")
    if "g" not in block.said:
        return answer_observed(need, Checkout(False, owner), again=f"ls -d {quote(need.subject)}/.git", line="")
    if shut := block.get_first("s"):
        return answer_refused(need, f"{shut} cannot be read by the auditing account", again=make_again(need.subject))
    head, ref = _find_head(block)
    if head and not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", head):
        return answer_unparseable(need, "HEAD leads to something that is not a commit", again=make_again(need.subject))
    return answer_observed(
        need, _make_checkout(block, owner, head, ref, ids), again=make_again(need.subject), line=block.get_first("H")
    )


def _find_head(block: _Block) -> tuple[str, str]:
    """The commit, and the branch that HEAD names."""
    refs = [line.partition(" ") for line in block.said.get("R", ())]
    if not refs:
        return block.get_first("H").partition("ref: ")[0], ""
    ref, _, value = refs[-1]
    return value, ref[:LONGEST_LINE]


def _make_checkout(block: _Block, owner: str, head: str, ref: str, ids: Mapping[bytes, str]) -> Checkout:
    read = _compare(block)
    changed = {path: [str(how)] for path, how in read.compared.changed.items()}
    unread: list[bytes] = []
    for path, declared in read.compared.suspects.items():
        found = ids.get(path, "")
        if not found or (found != declared and read.converts):
            unread.append(path)
        elif found != declared:
            changed[path] = [str(How.CONTENT), declared, found]
    shown = dict(zip(decode_names(sorted(changed)), (changed[path] for path in sorted(changed)), strict=True))
    return Checkout(
        True, owner, head, ref, read.compared.tracked, dict(list(shown.items())[:MOST_SHOWN]), len(changed),
        read.staged, read.compared.submodules, read.unsure or _explain_unread(unread, converts=read.converts),
        [block.get_first("g"), block.get_first("c")],
    )  # fmt: skip


def _explain_unread(paths: list[bytes], *, converts: bool) -> str:
    if not paths:
        return ""
    first = next(decode_names(sorted(paths)))[:200]
    one = len(paths) == 1
    what = f"{first} looks changed" if one else f"{len(paths)} files look different from the index ({first})"
    if converts:
        return f"{what}, and git converts content by .gitattributes or core.autocrlf"
    why = f"what is in {'it' if one else 'them'} could not be read"
    return f"{what}, and {why}"


def _compare(block: _Block) -> _Read:
    settings = _read_settings(block.said.get("k", ()))
    if settings.get("objectformat", "sha1") != "sha1" or settings.get("refstorage", "files") != "files":
        return _make_unsure("its objects or its refs are of a kind that is not read (SHA-256, reftable)")
    if not _find_head(block)[0] and "R" not in block.said:
        return _make_unsure("what HEAD names could not be read")
    if why := block.get_first("x"):
        return _make_unsure(why)
    try:
        at, entries = _read_index(block.get_first("i"))
        files = _read_files(_unpack(block.get_first("t"), MOST_LIST))
    except ValueError as error:
        return _make_unsure(f"the files could not be compared: {error}")
    compared = compare(entries, files, at, modes=settings.get("filemode", "true") != "false")
    nested = any(entry.path.endswith(b"/.gitattributes") for entry in entries)
    converts = "a" in block.said or nested or settings.get("autocrlf", "false") != "false"
    return _Read(compared, {path: seen.size for path, seen in files.items()}, _is_staged(block, entries), "", converts)


def _make_unsure(why: str) -> _Read:
    return _Read(Compared({}, {}, 0, 0), {}, unsure=why)


def _read_settings(lines: Sequence[str]) -> dict[str, str]:
    """Of [core] and [extensions]."""
    found, section = {}, ""
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]").lower()
        elif section in ("core", "extensions"):
            key, _, value = line.partition("=")
            found[key.strip().lower()] = value.strip().lower()
    return found


def _read_index(said: str) -> tuple[int, tuple[IndexEntry, ...]]:
    """When it was written, in nanoseconds, and its entries; none for a repository without an index."""
    if not said:
        return 0, ()
    at, _, content = said.partition(" ")
    return _parse_nanoseconds(at), read_index(_unpack(content, MOST_INDEX))


def _unpack(said: str, most: int) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        content = unpack.decompress(b64decode(said, validate=True), most + 1)
    except zlib.error as error:
        raise UnreadIndex("the answer is incomplete") from error
    if not unpack.eof:
        raise UnreadIndex(f"more than {most} bytes")
    return content


def _read_files(content: bytes) -> dict[bytes, Seen]:
    """As find lists them, and how find ended. ValueError if it was cut off."""
    *fields, end = content.split(b"\0")
    if end != b"end 0" or len(fields) % 2:
        raise ValueError("the list of its files is too long, took too long, or changed meanwhile")
    found = {}
    for row, target in zip(fields[::2], fields[1::2], strict=True):
        kind, mode, size, mtime, ctime, path = row.split(b" ", _COLUMNS - 1)
        found[path] = Seen(
            kind.decode(), int(mode, 8), parse_whole(size.decode()), _parse_nanoseconds(mtime.decode()),
            _parse_nanoseconds(ctime.decode()), target,
        )  # fmt: skip
    return found


def _parse_nanoseconds(said: str) -> int:
    found = _TIME.fullmatch(said)
    if found is None:
        raise ValueError("an invalid time")
    return int(found[1]) * 10**9 + int((found[2] or "").ljust(9, "0")[:9])


def _is_staged(block: _Block, entries: Sequence[IndexEntry]) -> bool | None:
    """Whether a commit of the index would be a different one. None if the commit could not be read."""
    try:
        if loose := block.get_first("l"):
            tree = read_tree_of_loose(b64decode(loose))
        elif packed := block.get_first("q"):
            tree = read_tree_of_packed(b64decode(packed))
        else:
            return None
        return compute_tree_id(entries) != tree
    except ValueError:
        return None


FAMILY = Family((Checkout,), lambda needs, _: probe(needs))
