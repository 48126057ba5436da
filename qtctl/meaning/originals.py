"""Whether a host still has the files that a registry was adopted from, in place of those that qtctl generates."""

from collections.abc import Iterable
from dataclasses import replace

from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File

ABSENT = "absent"


def describe_seen(there: File | None) -> str:
    """What is at a path, in the words of the install script on the host."""
    if there is None:
        return ABSENT
    if there.kind == "file":
        return f"sha256:{there.sha256}"
    return f"link:{there.target}" if there.kind == "link" else there.kind


def list_originals(desired: Desired, *subjects: str) -> tuple[DesiredFile, ...]:
    """The generated files of these units, drop-ins included, in whose place the host may have something else."""
    return tuple(each for each in desired.files if each.original is not None and each.subject in subjects)


def needs_of(file: DesiredFile) -> tuple[Need, ...]:
    """The file itself, and everything else that `is_as_adopted` looks at."""
    original = file.original
    paths = [file.path]
    if original is not None:
        paths += [path for path, _ in original.files] + ([original.until] if original.until else [])
    return tuple(Need(File.FACT, path) for path in dict.fromkeys(paths))


def is_as_adopted(file: DesiredFile, facts: Facts) -> bool:
    """Whether the host has the files that this one was adopted from: all as they were, and no others."""
    original = file.original
    if original is None or (original.until and facts.read(File, original.until) is not None):
        return False
    seen = dict(original.files)
    if original.path not in seen and facts.read(File, original.path) is not None:
        return False
    return all(describe_seen(facts.read(File, path)) == there for path, there in seen.items())


def as_kept(files: Iterable[DesiredFile], facts: Facts) -> tuple[DesiredFile, ...]:
    """These files as a generation records them: for one that is as adopted, what the host has at its path, if any."""
    found: list[DesiredFile] = []
    for file in files:
        if not is_in_place(file, facts):
            found.append(file)
        elif (there := facts.read(File, file.path)) is not None and there.kind == "file" and there.sha256:
            found.append(_keep(file, there.sha256))
    return tuple(found)


def _keep(file: DesiredFile, sha256: str) -> DesiredFile:
    """A file of the host that qtctl did not write, as a file of its own."""
    original = file.original
    if original is not None:
        original = replace(original, files=((file.path, f"sha256:{sha256}"),), beside=(), until="")
    return replace(file, content=b"", sha256=sha256, original=original)


def list_adopted_paths(originals: Iterable[DesiredFile], facts: Facts) -> frozenset[str]:
    """The paths of what makes units in place of these files, if the host still has it."""
    found: set[str] = set()
    for file in originals:
        if file.original is not None and is_as_adopted(file, facts):
            found |= {*(path for path, _ in file.original.files), *file.original.beside}
    return frozenset(found)


def is_in_place(file: DesiredFile, facts: Facts) -> bool:
    """Whether nothing has to be written for it: it is as adopted, or absent where that makes no difference."""
    return is_as_adopted(file, facts) or (file.may_be_absent and facts.read(File, file.path) is None)
