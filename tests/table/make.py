"""Make qtctl/dialects/systemd/table/directives.json from what each systemd itself prints.

`python -m tests.table.make ROOT…` asks `/lib/systemd/systemd --dump-configuration-items` in each root
folder (Debian or Ubuntu trees, such as those that `qtctl lab` keeps in /var/cache/qtctl/lab) and writes the table anew.
Roots are only read. Every version of VERSIONS must be among them.
"""

import json
import subprocess
import sys
from pathlib import Path

VERSIONS = (247, 252, 255, 257)
TABLE = Path(__file__).parent.parent.parent / "qtctl/dialects/systemd/table/directives.json"
Items = dict[tuple[str, str], str]


def dump(root: Path) -> tuple[int, Items]:
    """The version of the systemd in `root`, and (section, directive) → kind, as it prints them."""
    version = _ask(root, "--version").split()[1]
    return int(version), read(_ask(root, "--dump-configuration-items"))


def read(text: str) -> Items:
    """The printed list: `[Section]` lines, `Directive=KIND` lines, blank lines."""
    section, items = "", {}
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            key, _, kind = line.partition("=")
            items[section, key] = kind
    return items


def table(dumps: dict[int, Items]) -> dict[str, object]:
    """Section → directive → "KIND" where each version has it so, else "KIND first..last", several joined by "|"."""
    sections: dict[str, dict[str, str]] = {}
    for section, key in sorted({at for items in dumps.values() for at in items}):
        by_version = {
            version: items[section, key] for version, items in sorted(dumps.items()) if (section, key) in items
        }
        sections.setdefault(section, {})[key] = _spans(by_version, tuple(sorted(dumps)))
    return {"versions": sorted(dumps), "sections": sections}


def _spans(by_version: dict[int, str], versions: tuple[int, ...]) -> str:
    spans: list[tuple[str, int, int]] = []
    for version, kind in by_version.items():
        before = versions[versions.index(version) - 1] if version != versions[0] else None
        if spans and spans[-1][0] == kind and spans[-1][2] == before:
            spans[-1] = (kind, spans[-1][1], version)
        else:
            spans.append((kind, version, version))
    if len(spans) == 1 and spans[0][1:] == (versions[0], versions[-1]):
        return spans[0][0]
    return "|".join(f"{kind} {first}..{last}" for kind, first, last in spans)


def _ask(root: Path, option: str) -> str:
    return subprocess.run(
        ["chroot", str(root), "/lib/systemd/systemd", option], capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    found = dict(dump(Path(root)) for root in sys.argv[1:])
    missing = sorted(set(VERSIONS) - set(found))
    if missing:
        raise SystemExit(f"no root with systemd {', '.join(map(str, missing))}")
    TABLE.write_text(json.dumps(table(found), indent=0, sort_keys=True) + "\n")
