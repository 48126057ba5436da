"""Look at how a host is prepared, and prepare it: as root or through a sudo shell, never through the helper."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import join, quote

from qtctl.dialects import terminal
from qtctl.errors import DeployRefused, HostError
from qtctl.interfaces.host import Host
from qtctl.model.preparation import HostSeen, Preparation, PrepareAction, PreparePlan, PrepareStep, SeenFile
from qtctl.probes.answer import find_last_line
from qtctl.remote.helper_place import CONFIG
from qtctl.remote.scripts import read_script

_LOOK_S, _APPLY_S = 30.0, 60.0
_END = "END_OF_FILE"
_SUDOERS = "/etc/sudoers.d/"


@dataclass(frozen=True, slots=True)
class Applied:
    """`done`: the paths and accounts that were written, removed or created."""

    done: tuple[str, ...]


def look(host: Host, wanted: Preparation) -> HostSeen:
    """Look at the host. HostError if it could not be read as root."""
    files = [file.path for file in wanted.files]
    call = ("prepare_look", *files, "--", *(account.name for account in wanted.accounts))
    done = host.start(f"{_make_input(files)}{join(call)}\n", root=True, attached=True).finish(_LOOK_S)
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    if done.exit != 0 or "end" not in lines:
        raise HostError("how it is prepared could not be read", host=host.address, hint=find_last_line(done.stderr))
    seen = dict(_parse_file(line.removeprefix("file "), host.address) for line in lines if line.startswith("file "))
    own = {path.rpartition("/")[2] for path in files if path.startswith(f"{CONFIG}/")}
    return HostSeen(
        {path: seen.get(path, SeenFile("absent")) for path in files},
        frozenset(_list_after(lines, "account ")),
        tuple(dict.fromkeys(map(terminal.show_line, _list_after(lines, "trouble ")))),
        tuple(terminal.show_line(each) for each in _list_after(lines, "fleet ") if each not in own),
    )


def _list_after(lines: list[str], word: str) -> Iterator[str]:
    return (line.removeprefix(word) for line in lines if line.startswith(word))


def _parse_file(row: str, host: str = "") -> tuple[str, SeenFile]:
    fields = row.split("\t")
    try:
        path, kind, owner, mode, text = fields
        content = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise HostError("its answer about its files is garbled", host=host, hint="try again") from error
    return path, SeenFile(
        terminal.show_line(kind),
        terminal.show_line(owner),
        terminal.show_line(mode),
        content if kind == "file" else None,
    )


def apply(host: Host, plan: PreparePlan, seen: HostSeen, *, remove: bool) -> Applied:
    """Carry out a plan. DeployRefused if something was in the way: the host is unchanged.

    HostError if the connection was lost: it may have been prepared; a second run tells.
    """
    changes = plan.changes if not remove else tuple(reversed(plan.changes))
    script = _apply_script(plan, changes, seen, remove=remove)
    done = host.start(script, root=True).finish(_APPLY_S)
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    if "qtctl prepared" in lines:
        return Applied(tuple(map(terminal.show_line, _list_after(lines, "qtctl done "))))
    why = next(_list_after(lines, "qtctl refused "), "") or find_last_line(done.stderr) or f"exit status {done.exit}"
    made = [each for each in _list_after(lines, "qtctl done ") if "/" not in each]
    kept = f"; the account {', '.join(made)} was created, and stays" if made else ""
    raise DeployRefused(
        f"not prepared: {terminal.show_line(why)}", host=host.address, hint=f"every file is as it was{kept}"
    )


def _apply_script(plan: PreparePlan, changes: tuple[PrepareStep, ...], seen: HostSeen, *, remove: bool) -> str:
    files = [step.file.path for step in plan.steps if step.file]
    contents = "".join(_format_content(number, step) for number, step in enumerate(changes))
    steps = "".join(f"{number}\t{_format_row(step, seen)}\n" for number, step in enumerate(changes))
    removing = "yes" if remove else "no"
    return (
        f"{_make_input(files)}{contents}steps={quote(steps)} removing={removing}\nmain() {{ prepare_apply; }}\nmain\n"
    )


def _make_input(files: list[str]) -> str:
    sudoers = next((path for path in files if path.startswith(_SUDOERS)), "")
    given = f"config={quote(CONFIG)} sudoers={quote(sudoers)}\n"
    return given + read_script("way.sh") + read_script("prepare.sh")


def _format_content(number: int, step: PrepareStep) -> str:
    if step.file is None or step.action is PrepareAction.REMOVE:
        return ""
    text = base64.encodebytes(step.file.content).decode()
    return f"content_{number}() {{ base64 -d <<'{_END}'\n{text}{_END}\n}}\n"


def _format_row(step: PrepareStep, seen: HostSeen) -> str:
    if step.account is not None:
        uid = "-" if step.account.uid is None else str(step.account.uid)
        return f"account\t{step.account.name}\t{step.account.home}\t{step.account.shell}\t{uid}"
    mode = step.file.mode if step.file else "-"
    action = "remove" if step.action is PrepareAction.REMOVE else "write"
    return "\t".join((action, step.subject, mode, _format_digest(seen.files[step.subject])))


def _format_digest(there: SeenFile) -> str:
    return hashlib.sha256(there.content).hexdigest() if there.content is not None else there.kind
