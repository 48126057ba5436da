"""What a host is sent for a deploy: the steps in order, the contents of files, and the scripts that carry them out."""

import base64
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from shlex import join, quote

from qtctl.dialects.tar import pack_tar
from qtctl.errors import InputError
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_install import STORE
from qtctl.model.generation import FORMAT, pack_desired
from qtctl.model.plan import Plan, Step, StepKind
from qtctl.model.trail import clean, write_fields, write_members
from qtctl.plan.agreed import plan_digest
from qtctl.plan.pools import list_pools
from qtctl.plan.unit_goals import list_seen_files
from qtctl.probes.files import DIGEST_KIB
from qtctl.remote.request import Request, Verb, encode_calls
from qtctl.remote.scripts import read_script

BASE = "/var/lib/qtctl"
UNIT_FOLDER = "/etc/systemd/system"
FILE_MOST = (DIGEST_KIB + 1) * 1024
"""Bytes of a file that are read to check whether it is as planned."""
TRANSACTION_SCRIPTS = (
    "trail.sh", "damaged.sh", "transaction.sh", "find.sh", "ran.sh", "docker.sh", "pools.sh", "apply.sh", "restore.sh",
    "switch.sh",
)  # fmt: skip
"""The scripts with which the host carries out a deploy."""
LEASE_S = 15
"""How long after the caller's last sign of life the host rolls back."""

_FIND_LIMIT_S = 10
_NONE = "-"
_UNPRINTABLE = "\t\n\r\0"
_END = "END_OF_ARCHIVE"


@dataclass(frozen=True, slots=True)
class Generation:
    """`desired`: what the host must have, with all files, even those that no step writes.

    `units`: those whose state is restored if the deploy is rolled back. `about`: the notes kept with the generation.
    """

    plan: Plan
    desired: Desired
    units: tuple[str, ...]
    about: Mapping[str, str]
    kept: tuple[DesiredFile, ...] | None = None
    """The files that a rollback to it restores, if not the generated ones: meaning/originals.py."""
    found: bytes = b""
    """For the first one: a backup of what was there before, which becomes generation 0."""

    @property
    def files(self) -> tuple[DesiredFile, ...]:
        return self.desired.files if self.kept is None else self.kept


def make_stage_request(generation: Generation, *, limit_s: int, holder: str) -> Request:
    """Stage and arm a generation. `stage` reads the host's answer."""
    members = _make_members(generation)
    given = {"limit": f"{limit_s}\n".encode(), "holder": f"{holder}\n".encode()}
    script = _stage_script({**members, "transaction.sh": _make_transaction_script(limit_s)}, limit_s, holder)
    return Request(script, Verb.STAGE, pack_tar({**members, **given}))


def _stage_script(members: Mapping[str, bytes], limit_s: int, holder: str) -> str:
    parts = ("way.sh", "trail.sh", "damaged.sh", "transaction.sh", "ran.sh", "docker.sh", "stage.sh")
    archive = base64.encodebytes(pack_tar(members)).decode()
    return "\n".join(
        (
            make_input(limit_s),
            f"holder={quote(holder)}",
            *map(read_script, parts),
            f"unpack() {{ base64 -d <<'{_END}' | tar -x -m -C \"$home\" -f - ; }}",
            archive + _END,
            "main() { stage; }",
            "main",
            "",
        )
    )


def make_verb_request(number: int, verb: str, *arguments: str) -> Request:
    """Call the transaction of a generation on the host. See remote/switch.sh."""
    words = (verb, str(number), *arguments)
    script = f"exec /bin/sh {BASE}/gen/{number}/transaction.sh {join(words)}\n"
    return Request(script, Verb.TRANSACTION, encode_calls([words]))


def find_request(ticket: str = "") -> Request:
    """Ask which transaction is under way and whose it is, once nobody is staging; also an ended one of `ticket`."""
    return _make_record_request("find", *((ticket,) if ticket else ()))


def repair_request() -> Request:
    """The same, but first rewrite a damaged record of it if it is clear which generation it belongs to."""
    return _make_record_request("repair")


def forget_request(by: str) -> Request:
    """The same, but first remove a damaged record on behalf of `by`; the host stays as it is."""
    return _make_record_request("forget", by)


def _make_record_request(verb: str, *arguments: str) -> Request:
    parts = "\n".join(map(read_script, ("trail.sh", "damaged.sh", "transaction.sh", "find.sh")))
    script = f"{make_input(_FIND_LIMIT_S)}\n{parts}\n{join((f'{verb}_transaction', *arguments))}\n"
    return Request(script, Verb.TRANSACTION, encode_calls([(verb, "0", *arguments) if arguments else (verb,)]))


def make_input(limit_s: int) -> str:
    """The input of remote/transaction.sh. `limit_s`: for one command of systemd."""
    place = f"base={BASE} store={STORE} unit_folder={UNIT_FOLDER}"
    return f"{place} lease_s={LEASE_S} limit={limit_s} most={FILE_MOST}"


def _make_transaction_script(limit_s: int) -> bytes:
    return "\n".join((make_input(limit_s), *map(read_script, TRANSACTION_SCRIPTS), "")).encode()


def _make_members(generation: Generation) -> dict[str, bytes]:
    """Steps and files have a line each, with fields between tabs."""
    steps = [_format_step(number, step) for number, step in enumerate(generation.plan.steps)]
    files = [(file.path, file.sha256, f"{file.owner}:{file.group}", file.mode) for file in generation.files]
    about = {**generation.about, "plan": plan_digest(generation.plan)}
    noted = {**about, "format": str(FORMAT), "machine": generation.plan.machine}
    members = {
        "steps": _join_rows(steps),
        "files": _join_rows(files),
        "installs": _join_rows((each.digest, each.path) for each in generation.desired.installs),
        "units": _join_rows((unit,) for unit in generation.units),
        "sees": _join_rows((unit, *paths) for unit, paths in sorted(list_seen_files(generation.desired).items())),
        "loaded": _join_rows(
            (each.unit, "yes" if each.changed else "no", " ".join(each.drop_ins) or _NONE)
            for each in generation.plan.loaded
        ),
        "desired.json.gz": pack_desired(replace(generation.desired, files=generation.files)),
        "pools": _join_rows(_list_pool_rows(generation.desired)),
        "word": f"{secrets.token_hex(8)}\n".encode(),
        "about": "".join(f"{key} {clean(value)}\n" for key, value in sorted(noted.items()) if value).encode(),
        "trail": f"{write_members(about)}\n".encode(),
        "fields": write_fields(about).encode(),
    }
    if generation.found:
        members["found.tar"] = generation.found
    written = [step.file for step in generation.plan.steps]
    for number, file in enumerate((*written, *_list_kept_originals(generation))):
        if file is not None:
            members[f"content/{number}"] = file.content
    return members


def _list_pool_rows(desired: Desired) -> Iterator[tuple[str, ...]]:
    """Unit, its pool, how many of that may be down at once, and the TCP ports on which it must listen to be up."""
    for pool in list_pools(desired):
        if pool.in_parts:
            for unit, ports in zip(pool.units, pool.ports, strict=True):
                yield unit, pool.template, str(pool.limit), ",".join(map(str, ports)) or _NONE


def _list_kept_originals(generation: Generation) -> list[DesiredFile]:
    """Files that are not written because the adopted original is still in place: the host cannot copy them."""
    originals = generation.desired.originals
    kept = {path for each in originals for path in (each.path, *dict(each.files))}
    written = {step.subject for step in generation.plan.steps if step.file is not None}
    return [file for file in generation.desired.files if file.path in kept - written]


def _format_step(number: int, step: Step) -> tuple[str, ...]:
    """Number, kind, subject, current state, and for a file digest or target, owner, mode, and which time it gets."""
    head = (str(number), step.kind.value, step.subject, step.seen or _NONE)
    file = step.file
    if step.kind is StepKind.FOLDER:
        owner, _, mode = step.target.rpartition(":")
        return (*head, _NONE, owner, mode, "no")
    if step.target:
        return (*head, f"link:{step.target}", _NONE, _NONE, "no")
    if file is None:
        return (*head, _NONE, _NONE, _NONE, "no")
    time = f"at:{step.time}" if step.time else "yes" if step.keep_mtime else "no"
    return (*head, file.sha256, f"{file.owner}:{file.group}", file.mode, time)


def _join_rows(rows: Iterable[tuple[str, ...]]) -> bytes:
    return "".join("\t".join(map(_escape_field, row)) + "\n" for row in rows).encode()


def _escape_field(text: str) -> str:
    if not text or any(each in text for each in _UNPRINTABLE):
        raise InputError(f"{text!r}: a path or name with a tab or a line break cannot be deployed")
    return text
