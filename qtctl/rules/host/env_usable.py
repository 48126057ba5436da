"""QT606, QT607: whether systemd can load an env file, and its size: what shows without reading it."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.access import Entry, Kind
from qtctl.meaning.ways import make_way
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, File
from qtctl.model.inquiry import list_secret_keys
from qtctl.model.process_facts import EnvText
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.host.env_files import EnvFile, list_env_files
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

MOST = 64 * 1024 * 1024 - 1
"""Bytes that systemd reads of a file (READ_FULL_BYTES_MAX)."""
_WHY = {
    "nul": ("it has a NUL character", "sudo cat {} | tr -dc '\\0' | wc -c | grep -qvx 0 && echo NUL", "NUL"),
    "utf8": ("it is not UTF-8 text", "sudo iconv -f UTF-8 -t UTF-8 {} >/dev/null 2>&1 || echo not UTF-8", "not UTF-8"),
}


def _expect_loading(desired: Desired) -> tuple[Expectation, ...]:
    files = list_env_files(desired)
    return (
        *(
            Expectation(
                file.path, {"kind": "file"}, (file.need, file.way), partial(_is_loadable, file=file), file.origin
            )
            for file in files
        ),
        *(
            Expectation(
                f"{file.path}: text", {"text": "UTF-8"}, (file.text,), partial(_is_text, file=file), file.origin
            )
            for file in files
        ),
    )


def _is_loadable(facts: Facts, file: EnvFile) -> Judgment:
    """QT601 reports one that is missing."""
    way, there = facts.read(PathWay, file.path), facts.read(File, file.path)
    if way is None or there is None:
        return NOT_JUDGED
    found = make_way(file.path, way)
    if found.end is None:
        source = proofs.prove_link_end(file.way, file.path, found.missing)
        return Verdict(
            False, {"leads to": f"{found.missing}, which does not exist"}, (source,), remedy=_choose_remedy(facts, file)
        )
    if found.end.kind is not Kind.FILE:
        return Verdict(
            False, {"kind": str(found.end.kind)}, (_prove_kind(file, found.end),), remedy=_choose_remedy(facts, file)
        )
    if way.size > MOST:
        return Verdict(False, {"size": way.size}, (_prove_size(file, way),), remedy=_choose_remedy(facts, file))
    return Verdict(True, {"kind": "file"}, (_prove_kind(file, found.end),))


def _prove_kind(file: EnvFile, end: Entry) -> ProofSource:
    name = quote(file.path)
    test = f"test -f {name} && echo file || {{ test -d {name} && echo folder || echo other; }}"
    return ProofSource(file.way, test, str(end.kind))


def _prove_size(file: EnvFile, way: PathWay) -> ProofSource:
    return ProofSource(file.way, f"stat -L -c %s {quote(file.path)}", str(way.size))


def _choose_remedy(facts: Facts, file: EnvFile) -> Remedy:
    away = ("mv", "-T", "--", file.path, f"{file.path}.old")
    if file.generated:
        return make_steps(away, deploy_command(facts))
    return make_steps(away, f"then create {quote(file.path)} again: owned by root, mode 0600, KEY=value lines")


def _is_text(facts: Facts, file: EnvFile) -> Judgment:
    found = facts.read(EnvText, file.path)
    if found is None:
        return NOT_JUDGED
    if not found.unusable:
        return Verdict(True, {"text": "UTF-8"})
    why, again, line = _WHY[found.unusable]
    source = ProofSource(file.text, again.replace("{}", quote(file.path)), line)
    remedy = make_steps(deploy_command(facts)) if file.generated else make_steps("write it again, as UTF-8 text")
    return Verdict(False, {"text": why}, (source,), remedy=remedy)


def _expect_sizes(desired: Desired) -> tuple[Expectation, ...]:
    sizes = {file.path: len(file.content) for file in desired.files if file.kind == "env"}
    secret = list_secret_keys(desired)
    return tuple(
        Expectation(
            file.path,
            {"size": sizes[file.path]} if file.generated else {"empty": False},
            (file.need, file.way),
            partial(_is_sized, file=file, size=sizes.get(file.path)),
            file.origin,
            tuple((id_, file.path) for id_ in ("QT603", "QT604", "QT605")),
        )
        for file in list_env_files(desired)
        if file.generated or secret.get(file.path)
    )


def _is_sized(facts: Facts, file: EnvFile, size: int | None) -> Judgment:
    way, there = facts.read(PathWay, file.path), facts.read(File, file.path)
    end = make_way(file.path, way).end if way and there else None
    if way is None or end is None or end.kind is not Kind.FILE or way.size > MOST:
        return NOT_JUDGED
    holds = way.size > 0 if size is None else way.size == size
    if file.generated:
        return Verdict(holds, {"size": way.size}, (_prove_size(file, way),), remedy=make_steps(deploy_command(facts)))
    remedy = make_steps(f"write the keys that its services declare as secrets into {quote(file.path)}")
    return Verdict(holds, {"empty": way.size == 0}, (_prove_size(file, way),), remedy=remedy)


QT606 = Rule(
    "QT606",
    "env file that systemd cannot load",
    Severity.ERROR,
    several="env files cannot be loaded by systemd",
    what="What is at the path of an env file or secrets file is not a file that systemd can load: a link that leads "
    "nowhere, a folder, a FIFO, a file of more than 64 MiB, or one with a NUL or with names or values that are not "
    "UTF-8. The last two show in its contents, which are read only with `--become`.",
    why="A running service does not notice. Its next start fails with `Failed to load environment files`, and at a "
    "FIFO systemd waits for a writer until the start times out.",
    fix="`ls -lL FILE` and `file FILE` show what it is. Move it away; `qtctl deploy` writes the generated one, and a "
    "secrets file is written by hand (root, mode 0600).",
    expect=_expect_loading,
)
QT607 = Rule(
    "QT607",
    "env file of another size than generated, or empty",
    Severity.WARNING,
    several="env files have another size than generated, or are empty",
    what="The generated env file does not have the number of bytes that qtctl writes, or a secrets file with declared "
    "keys is empty. Anyone who may enter its folder can see that much; `--become` shows which keys differ.",
    why="Someone has edited the file, or a disk was full while it was written. The next start of the service uses "
    "it, with a value that no registry knows, or without its keys.",
    fix="`qtctl audit --become` names the keys that differ. `qtctl deploy` rewrites the generated file; put values "
    "that are right into the registry first. Fill a secrets file by hand.",
    expect=_expect_sizes,
)
RULES = (QT606, QT607)
