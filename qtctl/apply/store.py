"""What qtctl installs on a host besides files: what the store has already, and how to add the rest.

None of it is in force until a deploy switches a link to it.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote

from qtctl.dialects import terminal
from qtctl.dialects.tar import pack_tar
from qtctl.errors import DeployRefused
from qtctl.interfaces.host import Host
from qtctl.model.desired_install import STORE, DesiredInstall
from qtctl.plan.targets import REMEDY
from qtctl.probes.answer import find_last_line
from qtctl.remote.request import Call, Request, Verb
from qtctl.remote.scripts import read_script

_END = "END_OF_ARCHIVE"
_NONE = "-"
_LOOK_S = 300.0
"""Reading everything that is installed takes a while on a slow disk."""
_SPARE_S = 120.0


@dataclass(frozen=True, slots=True)
class Trial:
    """The entry points of a service, to be imported as its user with its environment.

    `python`: in the store. `words`: folders, `--`, kind and path of each entry point. `env`: the text of its generated
    env file; `env_files`: those on the host, read by systemd.
    """

    unit: str
    user: str
    group: str
    groups: str
    python: str
    words: tuple[str, ...]
    env: bytes
    env_files: tuple[str, ...]


def find_missing(host: Host, installs: Sequence[DesiredInstall]) -> tuple[DesiredInstall, ...]:
    """Those that are not in the store. DeployRefused if one is not as sealed, or if nothing can be stored."""
    said = _run(host, [("list_missing", *(each.digest for each in installs))], _LOOK_S)
    for damaged in (each for each in installs if each.digest in said.get("damaged", ())):
        what = f"nothing was changed: {damaged.target}, where {damaged.path} would lead, is not what was put there"
        raise DeployRefused(
            what, hint=f"see who changed it; then rm -r {damaged.target} {damaged.seal}, and deploy again"
        )
    return tuple(each for each in installs if each.digest in said.get("missing", ()))


def install_code(host: Host, install: DesiredInstall, archive: bytes) -> None:
    """`archive`: a tar archive compressed with gzip. DeployRefused if it could not be installed."""
    unpack = _unpack("unpack_code", archive, "tar -x -z --no-same-owner")
    _run(host, [("install_code", install.digest)], _LOOK_S, unpack, archive)


def install_venv(host: Host, install: DesiredInstall, packages: Mapping[str, bytes] | None, limit_s: int) -> None:
    """Build it on the host; `packages` None: from its index. DeployRefused if that fails."""
    members = {"lock": install.lock.encode()}
    members |= {f"packages/{name}": content for name, content in (packages or {}).items()}
    words = (
        install.digest,
        install.python,
        "sources" if install.sources else "wheels",
        "index" if packages is None else "sent",
        str(limit_s),
    )
    script = {"build.sh": read_script("build_venv.sh").encode()}
    unpack = _unpack("unpack_packages", pack_tar(members | script, 0o644), "tar -x --no-same-owner")
    _run(host, [("install_venv", *words)], limit_s + _SPARE_S, unpack, pack_tar(members, 0o644))


def try_imports(host: Host, trials: Sequence[Trial], limit_s: int) -> dict[str, str]:
    """Unit → why its entry points cannot be imported; only those that fail. DeployRefused: it was not tried."""
    members: dict[str, bytes] = {}
    calls: list[Call] = [("begin_imports",)]
    for number, each in enumerate(trials):
        members[f"env-{number}"] = each.env
        files = (*reversed(each.env_files), f"{STORE.rpartition('/')[0]}/build/env-{number}")
        members[f"envs-{number}"] = "".join(f"{path}\n" for path in files).encode()
        words = (each.unit, each.user, each.group, each.groups, each.python, str(limit_s), str(number), *each.words)
        calls.append(("try_import", *words))
    script = {"import.py": read_script("import_entry.py").encode()}
    unpack = _unpack("unpack_imports", pack_tar(members | script, 0o600), "tar -x --no-same-owner")
    said = _run(host, calls, len(trials) * (limit_s + 15.0) + _SPARE_S, unpack, pack_tar(members, 0o600))
    tried = {each.partition(" ")[0] for word in ("imported", "failed") for each in said.get(word, ())}
    lost = [each.unit for each in trials if each.unit not in tried]
    if lost:
        raise DeployRefused(f"nothing was changed: whether {lost[0]} can be imported could not be determined")
    return {unit: why for unit, _, why in (each.partition(" ") for each in said.get("failed", ()))}


def drop(host: Host, installs: Iterable[DesiredInstall]) -> None:
    """Remove what was installed for a deploy that does not begin."""
    _run(host, [("drop_entry", *(each.digest for each in installs))], _LOOK_S)


def _unpack(name: str, archive: bytes, tar: str) -> str:
    text = base64.encodebytes(archive).decode()
    return f"{name}() {{ base64 -d <<'{_END}' | {tar} -C \"$1\" -f - ; }}\n{text}{_END}\n"


def _run(
    host: Host, calls: Sequence[Call], deadline_s: float, unpack: str = "", archive: bytes = b""
) -> dict[str, list[str]]:
    """What it says, by word. `unpack`: sh text of a function that unpacks `archive`; the helper has its own.

    DeployRefused if it refuses or fails.
    """
    given = (f"store={quote(STORE)}", read_script("way.sh"), read_script("store.sh"))
    script = "\n".join((*given, f"{unpack}open_store", *map(join, calls), ""))
    rows = "".join("\t".join(word or _NONE for word in call) + "\n" for call in calls)
    done = host.start(Request(script, Verb.STORE, f"{rows}\n".encode() + archive), root=True).finish(deadline_s)
    said: dict[str, list[str]] = {}
    for line in done.stdout.decode("utf-8", "replace").split("\n"):
        if line.startswith("qtctl "):
            word, _, rest = line.removeprefix("qtctl ").partition(" ")
            said.setdefault(word, []).append(terminal.show_line(rest.strip()))
    if "refused" in said or done.exit != 0:
        why = " ".join(said.get("refused", ())) or find_last_line(done.stderr) or f"exit status {done.exit}"
        hint = REMEDY if "unsafe" in said else "fix that, then deploy again"
        raise DeployRefused(f"nothing was changed: {why}", hint=hint)
    return said
