"""The generations that a host keeps: list them, and fetch one."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from shlex import join

from qtctl.apply.backup_archive import unpack
from qtctl.apply.generation import BASE
from qtctl.dialects import tar, terminal
from qtctl.errors import HostError, InputError
from qtctl.interfaces.host import Host
from qtctl.model.backup import Backup
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.generation import DamagedGeneration, GenerationRecord, unpack_desired
from qtctl.probes.answer import find_last_line
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

_ANSWER_S = 30.0
_MOST = 1000
"""The most generations that are read; a host keeps about twenty."""
_MOST_MEMBERS = 20_000
_NUMBER = re.compile("[0-9]{1,12}")


def list_generations(host: Host) -> tuple[GenerationRecord, ...]:
    """Newest first. HostError if they could not be read."""
    return parse_list(_run(host, "list_generations"))


def fetch_desired(host: Host, number: int) -> Desired:
    """What the host had to have in that generation, with the contents of all files.

    HostError if it could not be read; DamagedGeneration if it does not exist or is not as it was written.
    """
    return parse_archive(_run(host, "fetch_generation", str(number)), number)


def fetch_found(host: Host, number: int) -> Backup:
    """What was on the host before its first deploy. Errors as in `fetch_desired`."""
    return parse_found(_run(host, "fetch_generation", str(number)))


def _run(host: Host, *call: str) -> bytes:
    script = f"base={BASE}\n{read_script('generations.sh')}{join(call)}\n"
    done = host.start(Request(script, Verb.READ, encode_calls([call])), root=True, attached=True).finish(_ANSWER_S)
    if done.exit != 0:
        raise HostError("its generations could not be read", host=host.address, hint=find_last_line(done.stderr))
    return done.stdout


def parse_list(said: bytes) -> tuple[GenerationRecord, ...]:
    found: list[GenerationRecord] = []
    for head, lines in _split_blocks(said.decode("utf-8", "replace")):
        number, outcome, current = (*head, "", "", "")[:3]
        if not _NUMBER.fullmatch(number) or len(found) >= _MOST:
            continue
        notes = dict(line.partition(" ")[::2] for line in lines if not line.startswith("step "))
        at = notes.pop("at", "")
        steps = (line.removeprefix("step ").partition("\t") for line in lines if line.startswith("step "))
        found.append(
            GenerationRecord(
                int(number),
                "" if outcome == "-" else outcome,
                current == "current",
                int(at) if _NUMBER.fullmatch(at) else None,
                tuple(sorted(notes.items())),
                tuple((kind, subject) for kind, _, subject in steps),
            )
        )
    return tuple(sorted(found, key=lambda each: -each.number))


def _split_blocks(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The words of each line `qtctl generation …`, and the indented lines after it."""
    head: list[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("qtctl generation "):
            if head is not None:
                yield head, lines
            head, lines = line.split(" ")[2:], []
        elif line.startswith(" "):
            lines.append("\t".join(map(terminal.show_line, line[1:].split("\t"))))
    if head is not None:
        yield head, lines


def parse_archive(said: bytes, number: int) -> Desired:
    members = _read_archive(said)
    packed = members.get(f"gen/{number}/desired.json.gz")
    if packed is None:
        raise DamagedGeneration("it is not on the host, or an older qtctl made it")
    desired = unpack_desired(packed)
    return replace(desired, files=tuple(_add_content(file, members) for file in desired.files))


def parse_found(said: bytes) -> Backup:
    members = _read_archive(said)
    if len(members) != 1:
        raise DamagedGeneration("what was found before the first deploy is missing")
    ((name, archive),) = members.items()
    if name != f"objects/{hashlib.sha256(archive).hexdigest()}":
        raise DamagedGeneration("it is not what was found before the first deploy")
    try:
        return unpack(archive, name)
    except InputError as error:
        raise DamagedGeneration(error.what) from error


def _add_content(file: DesiredFile, members: Mapping[str, bytes]) -> DesiredFile:
    content = members.get(f"objects/{file.sha256}")
    if content is None:
        raise DamagedGeneration(f"the content of {file.path} is missing")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DamagedGeneration(f"the content of {file.path} is not what was deployed")
    return replace(file, content=content)


def _read_archive(said: bytes) -> dict[str, bytes]:
    """Regular members by name; nothing is written anywhere."""
    if not said.strip():
        return {}
    try:
        members = tar.walk(base64.b64decode(said), _MOST_MEMBERS)
        return {each.name: tar.read_member(archive, each) for archive, each in members if tar.is_plain(each, len(said))}
    except tar.BROKEN as error:
        raise DamagedGeneration("what the host sent of it cannot be read") from error
