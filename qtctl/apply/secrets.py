"""Secrets on a host: put one there, or list them. Values go there over standard input, and stay there."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote

from qtctl.apply.generation import BASE
from qtctl.dialects import terminal
from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Host
from qtctl.model.secret_place import SecretFound, SecretPlace, SecretState
from qtctl.model.trail import write_fields, write_members
from qtctl.plan.secrets import LARGEST
from qtctl.plan.targets import REMEDY
from qtctl.probes.answer import find_last_line
from qtctl.remote.request import Request, Verb
from qtctl.remote.scripts import read_script

_ANSWER_S = 30.0
_PARTS = ("trail.sh", "way.sh", "damaged.sh", "transaction.sh", "stage.sh", "env_files.sh", "secrets.sh")
_PLACE = re.compile(r"P ([0-9]+) (link|file|other|missing) (\S+) (\S+) ([0-7]{4}|-) ([01])")
_NONE = "-"
_MODES = ("0600", "0400")
_UNSAFE, _NUMBER = re.compile("T [0-9]+ (.*)"), re.compile("[0-9]{1,6}")


def put(host: Host, place: SecretPlace, content: bytes, about: Mapping[str, str]) -> tuple[bool, tuple[str, ...]]:
    """Write a secret. Returns whether the file changed, and warnings. `content`: from `plan.secrets.make_content`.

    DeployRefused if nothing was changed; HostError if the connection was lost.
    """
    request = Request(_put_script(place, content, about), Verb.SECRETS, _put_data(place, content, about))
    done = host.start(request, root=True).finish(_ANSWER_S)
    said = [
        terminal.show_line(line.removeprefix("qtctl "))
        for line in done.stdout.decode("utf-8", "replace").split("\n")
        if line.startswith("qtctl ")
    ]
    warnings = tuple(each.removeprefix("warning ") for each in said if each.startswith("warning "))
    if "put" in said or "unchanged" in said:
        return "put" in said, warnings
    refused = next(
        (each.removeprefix("refused ").partition(" ")[2] for each in said if each.startswith("refused ")), ""
    )
    if not refused and done.killed:
        raise HostError("the program that writes the secret was killed", host=host.address, hint="put it again")
    why = refused or find_last_line(done.stderr) or f"the script ended with exit status {done.exit}"
    hint = REMEDY if "unsafe" in said else "fix that on the host, then put it again"
    if any(each.startswith("broken ") for each in said):
        hint = f"check its units, then `qtctl recover --host {host.address}`, then put it again"
    if any(each.startswith("damaged ") for each in said):
        hint = f"`qtctl recover --host {host.address}`, then put it again"
    raise DeployRefused(f"nothing was changed: {why}", hint=hint)


def _put_script(place: SecretPlace, content: bytes, about: Mapping[str, str]) -> str:
    value = base64.b64encode(content).decode()
    whose = (
        f"whose_members={quote(write_members(about))}",
        f"whose_fields={quote(write_fields(about))}",
        "sign_record",
    )
    return _make_script((f"encoded={value}", *whose, f"put_secret {quote(place.path)} {quote(place.key)}"))


def _put_data(place: SecretPlace, content: bytes, about: Mapping[str, str]) -> bytes:
    """The request for the helper: which file and key, the value, and the record for the audit trail."""
    value = base64.b64encode(content).decode()
    rows = ("put", f"{place.path}\t{place.key or _NONE}", value, write_members(about), write_fields(about))
    return "\n".join(rows).encode()


def find(host: Host, places: Sequence[SecretPlace]) -> tuple[SecretFound, ...]:
    """The state of each of `places`, in order. HostError if the host could not be asked."""
    paths = list(dict.fromkeys(each.path for each in places))
    if not paths:
        return ()
    words = [word for path in paths for word in (path, _format_keys(path, places))]
    script = _make_script((f"list_secrets {' '.join(map(quote, words))}",))
    rows = ("find", *(f"{path}\t{_format_keys(path, places).strip() or _NONE}" for path in paths))
    done = host.start(Request(script, Verb.SECRETS, "\n".join(rows).encode()), root=True).finish(_ANSWER_S)
    if done.exit != 0:
        raise HostError("its secrets could not be checked", host=host.address, hint=find_last_line(done.stderr))
    files = dict(_read_files(done.stdout.decode("utf-8", "replace")))
    return tuple(_parse_found(each, files.get(paths.index(each.path), [])) for each in places)


def _format_keys(path: str, places: Sequence[SecretPlace]) -> str:
    names = [each.key for each in places if each.path == path and each.key]
    return f" {' '.join(names)} " if names else ""


def _make_script(lines: Sequence[str]) -> str:
    given = (
        f"base={BASE} most={LARGEST} unit_folder=/etc/systemd/system nonce=''",
        f"remover={quote(read_script('env_without.awk'))}",
        f"reader={quote(read_script('env_file.awk'))}",
    )
    return "\n".join((*given, *map(read_script, _PARTS), *lines, ""))


def _read_files(said: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of each file, by its number."""
    found: dict[int, list[str]] = {}
    number = -1
    for line in said.split("\n"):
        tag, _, rest = line.partition(" ")
        if tag in ("T", "P", "F") and _NUMBER.fullmatch(rest.partition(" ")[0]):
            number = int(rest.partition(" ")[0])
        found.setdefault(number, []).append(line)
    yield from found.items()


def _parse_found(place: SecretPlace, lines: Sequence[str]) -> SecretFound:
    read = next((match for line in lines if (match := _PLACE.fullmatch(line))), None)
    if read is None:
        return SecretFound(place, SecretState.UNKNOWN, problems=("the host did not report its state",))
    kind, owner, group, mode, filled = read.groups()[1:]
    unsafe = tuple(terminal.show_line(unread[1]) for line in lines if (unread := _UNSAFE.fullmatch(line)))
    if kind == "missing":
        return SecretFound(place, SecretState.MISSING, problems=unsafe)
    found = SecretFound(
        place, SecretState.PRESENT, owner, group, mode, (*unsafe, *_list_wrong_rights(kind, owner, mode))
    )
    if place.key:
        return _add_key(found, lines)
    return found if filled == "1" else replace(found, state=SecretState.EMPTY)


def _list_wrong_rights(kind: str, owner: str, mode: str) -> Iterator[str]:
    """The target of a link is for an audit to judge; put replaces no link."""
    if kind == "other":
        yield "not a regular file"
    if kind == "file" and owner != "root":
        yield f"owner {owner}, should be root"
    if kind == "file" and mode not in _MODES:
        yield f"mode {mode}, should be 0600"


def _add_key(found: SecretFound, lines: Sequence[str]) -> SecretFound:
    name = found.place.name
    if f"S {name} 1" in lines:
        return found
    if f"S {name} 0" in lines:
        return replace(found, state=SecretState.EMPTY)
    if "Z" in lines and not any(line.startswith("X ") for line in lines):
        return replace(found, state=SecretState.MISSING)
    why = next((line.split(" ", 3)[3] for line in lines if line.startswith("F ") and line.count(" ") > 2), "")  # noqa: PLR2004
    return replace(
        found,
        state=SecretState.UNKNOWN,
        problems=(*found.problems, terminal.show_line(why) or "systemd could not read it"),
    )
