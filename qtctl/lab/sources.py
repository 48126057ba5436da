"""Where this machine gets its packages: apt's sources, in both formats."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qtctl.dialects.lines import split_lines
from qtctl.errors import LabError

DEBIAN = "debian"
UBUNTU = "ubuntu"
KEYRINGS = {
    DEBIAN: "/usr/share/keyrings/debian-archive-keyring.gpg",
    UBUNTU: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
}
FALLBACK = {DEBIAN: "http://deb.debian.org/debian", UBUNTU: "http://archive.ubuntu.com/ubuntu"}


@dataclass(frozen=True, slots=True)
class Source:
    """A package source: URI, the suites and components it is used for, and its keyring ('' for apt's default)."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What debootstrap needs: address, components, and the keyring that signs it."""

    uri: str
    components: tuple[str, ...]
    keyring: str


def parse_one_line(text: str) -> tuple[Source, ...]:
    """The `deb [options] uri suite component…` lines of a .list file."""
    return tuple(source for line in split_lines(text) if (source := _parse_line(line)) is not None)


def _parse_line(line: str) -> Source | None:
    kind, _, rest = line.partition("#")[0].strip().partition(" ")
    rest = rest.strip()
    if kind != "deb" or not rest:
        return None
    options = ""
    if rest.startswith("["):
        options, _, rest = rest[1:].partition("]")
    uri, *words = rest.split()
    if not words:
        return None
    signed = next((o.partition("=")[2] for o in options.split() if o.lower().startswith("signed-by=")), "")
    return Source(uri, (words[0],), tuple(words[1:]), signed)


def parse_deb822(text: str) -> tuple[Source, ...]:
    """The enabled `Types: deb` paragraphs of a .sources file, one Source per URI."""
    found: list[Source] = []
    for fields in _split_paragraphs(split_lines(text)):
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        signed = fields.get("signed-by", "").strip()
        keyring = signed if signed.startswith("/") and "\n" not in signed else ""
        words = (tuple(fields.get("suites", "").split()), tuple(fields.get("components", "").split()))
        found += [Source(uri, *words, keyring) for uri in fields.get("uris", "").split()]
    return tuple(found)


def _split_paragraphs(rows: Iterable[str]) -> Iterable[dict[str, str]]:
    fields: dict[str, str] = {}
    last = ""
    for line in rows:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields, last = {}, ""
        elif line[0] in " \t":
            fields[last] = f"{fields.get(last, '')}\n{line.strip()}"
        else:
            name, _, value = line.partition(":")
            last = name.strip().lower()
            fields[last] = value.strip()
    if fields:
        yield fields


def read_os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release, unquoted. LabError if it cannot be read."""
    try:
        found = split_lines(path.read_text())
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}", hint="the lab needs Debian or Ubuntu") from error
    pairs = (line.partition("=") for line in found if "=" in line)
    return {name: value.strip().strip("\"'") for name, _, value in pairs}


def read(root: Path = Path("/etc/apt")) -> tuple[Source, ...]:
    """All sources of this machine, sources.list first, as apt reads them."""
    lists = [root / "sources.list", *sorted((root / "sources.list.d").glob("*.list"))]
    found = [source for path in lists if path.is_file() for source in parse_one_line(path.read_text())]
    for path in sorted((root / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text())
    return tuple(found)


def choose_mirror(suite: str, distribution: str, sources: tuple[Source, ...], codename: str, machine: str) -> Mirror:
    """The mirror for `suite` of `distribution`, on a machine that runs distribution `machine`, release `codename`.

    The source of the machine's own release is used for other suites of the same distribution too.
    """
    components = ("main", "universe") if distribution == UBUNTU else ("main",)
    own = [s for s in sources if machine == distribution and codename in s.suites and "main" in s.components]
    exact = [s for s in sources if suite in s.suites and "main" in s.components]
    chosen = (exact + own)[:1]
    uri = chosen[0].uri if chosen else FALLBACK[distribution]
    keyring = (chosen[0].signed_by if chosen else "") or KEYRINGS[distribution]
    return Mirror(uri.rstrip("/"), components, keyring)
