"""`python -m tests.release.keep`: keeps today's schemas as those of a version that is released."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from qtctl.version import VERSION
from tests.docs.generate import DOCS

KEPT = Path(__file__).parent / "schemas"
"""A folder for each release, as docs/schemas was."""


def list_releases() -> list[str]:
    return sorted((path.name for path in KEPT.iterdir()), key=lambda name: [int(part) for part in name.split(".")])


def read_schemas(folder: Path) -> dict[str, Any]:
    """Path below the folder, without `.json` → schema."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): json.loads(path.read_text())
        for path in sorted(folder.rglob("*.json"))
    }


def keep(version: str, kept: Path = KEPT) -> None:
    """ValueError if the version is no release, or has been kept with other schemas."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version} is no release: qtctl/version.py still names a development version")
    today = read_schemas(DOCS / "schemas")
    if (kept / version).exists() and read_schemas(kept / version) != today:
        raise ValueError(f"the schemas of {version} are kept already, and are others")
    for name, schema in today.items():
        path = kept / version / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        keep(VERSION)
    except ValueError as error:
        sys.exit(str(error))
