"""Lock files of Python packages: requirements with `==`, as pip-compile writes them, uv.lock and pylock.toml."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?:===?\s*(?P<version>[A-Za-z0-9][A-Za-z0-9.+!_-]*)|@\s*(?P<address>[^\s;]+))?\s*(?P<marker>;.*)?"
)
_OPTIONS = (
    "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--no-index", "--no-binary", "--only-binary",
    "--prefer-binary", "--pre", "--trusted-host", "--require-hashes", "--use-feature",
)  # fmt: skip
"""Options that say where packages come from, not which ones."""
_OWN = ("editable", "virtual")
MOST = 5000


class UnreadLock(ValueError):
    """`line` 0: the whole file."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """`name` normalised. `versions`: one of these, or any if empty. `required`: on every host."""

    name: str
    versions: tuple[str, ...]
    required: bool


def normalise_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def is_same_version(one: str, other: str) -> bool:
    """1.0 and 1.0.0, 1.0-rc1 and 1.0rc1 are the same; what follows a + counts only if both have it."""
    (mine, mine_local), (its, its_local) = _split_version(one), _split_version(other)
    return mine == its and (not mine_local or not its_local or mine_local == its_local)


def _split_version(version: str) -> tuple[str, str]:
    public, _, local = version.lower().removeprefix("v").partition("+")
    release = re.match(r"[0-9]+(\.[0-9]+)*", public)
    if release is None:
        return public, local
    head = re.sub(r"(\.0+)+$", "", release[0])
    return head + re.sub(r"[-_.]", "", public[release.end() :]), re.sub(r"[-_.]", "", local)


def read_lock(name: str, content: bytes) -> tuple[LockedPackage, ...]:
    """Sorted by name. `name` says which format it is. UnreadLock if it is none of them, or does not pin versions."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UnreadLock("not UTF-8") from error
    found = _read_toml(text) if name.endswith((".toml", "uv.lock")) else _merge(_read_requirements(text))
    if len(found) > MOST:
        raise UnreadLock(f"more than {MOST} packages")
    return found


def _merge(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """One entry per name: any of several versions will do, and one required entry makes it required."""
    found: dict[str, LockedPackage] = {}
    for each in packages:
        known = found.get(each.name)
        versions = each.versions if known is None else (*known.versions, *each.versions) if known.versions else ()
        required = each.required or (known is not None and known.required)
        found[each.name] = LockedPackage(each.name, tuple(dict.fromkeys(versions)), required)
    return tuple(found[name] for name in sorted(found))


def _read_requirements(text: str) -> Iterator[LockedPackage]:
    for number, line in _join_lines(text):
        word = re.split(r"[\s=]", line, maxsplit=1)[0]
        if word in _OPTIONS:
            continue
        if word.startswith("-"):
            raise UnreadLock(f"{word} names something else that is installed", number)
        plain = re.sub(r"\s--[a-z-]+[= ]\S+", "", line).strip()
        found = _REQUIREMENT.fullmatch(plain)
        if found is None or not (found["version"] or found["address"]):
            raise UnreadLock(f"{plain[:100]!r} does not say which version, with ==", number)
        versions = (found["version"],) if found["version"] else ()
        yield LockedPackage(normalise_name(found["name"]), versions, not found["marker"])


def read_pinned(text: str) -> tuple[str, ...]:
    """Requirements that can be built from: each package with version, marker and hashes, as a line. Sorted.

    UnreadLock if a package has no hash, or does not come from an index.
    """
    found = []
    for number, line in _join_lines(text):
        word = re.split(r"[\s=]", line, maxsplit=1)[0]
        if word.startswith("-"):
            if word in ("--require-hashes", "--only-binary"):
                continue
            raise UnreadLock(f"{word} cannot be followed: a build takes packages by their hashes alone", number)
        hashes = sorted(set(re.findall(r"--hash[= ](sha256:[0-9a-f]{64})(?=\s|$)", line)))
        plain = re.sub(r"\s--hash[= ]\S+", "", line).strip()
        named = _REQUIREMENT.fullmatch(plain)
        if named is None or not named["version"]:
            raise UnreadLock(f"{plain[:100]!r} does not say which version, with ==", number)
        if not hashes:
            raise UnreadLock(f"{plain[:100]!r} has no --hash=sha256:…", number)
        found.append(" ".join((plain, *(f"--hash={each}" for each in hashes))))
    return tuple(sorted(found))


def list_hashes(pinned: str) -> tuple[str, ...]:
    """The SHA-256 that a line of `read_pinned` allows."""
    return tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", pinned))


def _join_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined at backslashes, with the number of the first; without comments and empty lines."""
    begun, number = "", 0
    for at, raw in enumerate(text.split("\n"), start=1):
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        number = number or at
        begun = f"{begun} {line.removesuffix(chr(92)).strip()}".strip()
        if line.endswith("\\"):
            continue
        if begun:
            yield number, begun
        begun, number = "", 0
    if begun:
        yield number, begun


def _read_toml(text: str) -> tuple[LockedPackage, ...]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadLock(f"not TOML: {error}") from error
    for key, read in (("package", _read_uv), ("packages", _read_pylock)):
        rows = document.get(key)
        if isinstance(rows, list) and all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
            return _merge(read(rows))
    raise UnreadLock("neither a uv.lock nor a pylock.toml: it has no packages")


def _read_pylock(rows: list[dict[str, Any]]) -> Iterator[LockedPackage]:
    for row in rows:
        yield LockedPackage(normalise_name(row["name"]), _list_versions(row), "marker" not in row)


def _list_versions(row: Mapping[str, Any]) -> tuple[str, ...]:
    version = row.get("version")
    return (version,) if isinstance(version, str) else ()


def _read_uv(rows: list[dict[str, Any]]) -> Iterator[LockedPackage]:
    """Required is what the project needs without a marker, and what that needs in turn; not the project itself."""
    own = {row["name"] for row in rows if _is_own(row)}
    needed = _find_closure(rows, own) if own else {row["name"] for row in rows}
    for row in rows:
        yield LockedPackage(
            normalise_name(row["name"]), () if row["name"] in own else _list_versions(row), row["name"] in needed - own
        )


def _is_own(row: Mapping[str, Any]) -> bool:
    source = row.get("source")
    return isinstance(source, dict) and any(key in source for key in _OWN)


def _find_closure(rows: list[dict[str, Any]], own: set[str]) -> set[str]:
    needs: dict[str, set[str]] = {}
    for row in rows:
        listed = row.get("dependencies")
        plain = (each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
        needs.setdefault(row["name"], set()).update(
            each["name"] for each in plain if isinstance(each.get("name"), str) and "marker" not in each
        )
    found, open_ = set(own), list(own)
    while open_:
        new = needs.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found
