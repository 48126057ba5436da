"""`python -m tests.adopt.chains PATH...`: foreign fleets, adopted, linted, rehearsed in the lab, deployed and audited.

A folder is adopted with `adopt units`, a compose file or a folder with `--compose` with `adopt compose`. Each fleet has
a lab host of its own, which is ended again. A fleet ends well where every step exits with 0, or the last one names what
is missing: findings and unknowns that an audit of the host reports.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qtctl.lab import lab
from tests.live.box import Ran, qtctl
from tests.machine import own_lab

DEADLINE_S = "60"
STEPS = ("adopt", "lint", "lab up", "deploy", "audit")
REFUSED = 4
ALLOWED = {"adopt": {0, 1}, "lint": {0, 1}, "lab up": {0}, "deploy": {0, 5}, "audit": {0, 1, 3}}
"""Exit codes that name what is missing: a to-do, a finding, a unit that did not start."""


@dataclass
class Chain:
    """How each step of one fleet ended: exit codes in order, and the gaps that were named."""

    fleet: str
    codes: dict[str, int] = field(default_factory=dict)
    gaps: Counter[str] = field(default_factory=Counter)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        """Steps that ended neither with 0 nor with a named gap."""
        return [
            step for step, code in self.codes.items() if code not in ALLOWED[step] or "Traceback" in self.told[step]
        ]

    def line(self) -> str:
        steps = "  ".join(f"{step} {self.codes[step]}" for step in STEPS if step in self.codes)
        gaps = ", ".join(f"{name}: {count}" for name, count in sorted(self.gaps.items()))
        return f"{self.fleet}: {steps}  {gaps or 'no gaps'}{'  WRONG' if self.wrong else ''}"


def run(source: Path, into: Path, name: str, *, compose: bool, host: str) -> Chain:
    """The whole chain for one fleet; it ends at the first step that leaves nothing for the next."""
    chain = Chain(name)
    for step, ran in _steps(source, into, compose=compose, host=host):
        chain.codes[step] = ran.code
        chain.told[step] = ran.out + ran.err
        if step == "audit" and ran.out.startswith("{"):
            _count(chain, json.loads(ran.out))
        if ran.code not in ALLOWED[step]:
            break
    return chain


def _steps(source: Path, into: Path, *, compose: bool, host: str) -> Iterator[tuple[str, Ran]]:
    registry = into / "registry"
    shutil.rmtree(registry, ignore_errors=True)
    of = ("--registry", str(registry))
    kind = "compose" if compose else "units"
    yield "adopt", qtctl("adopt", kind, str(source), "--out", str(registry), "--name", "zf", "--host", host)
    yield "lint", qtctl("lint", *of)
    try:
        yield "lab up", qtctl("lab", "up", *of)
        yield "deploy", _deploy(*of, "--host", host, "--yes", "--deadline", DEADLINE_S)
        yield "audit", qtctl("audit", *of, "--host", host, "--format", "json")
    finally:
        if lab.find(host):
            lab.down([host])


def _deploy(*argv: str) -> Ran:
    """As an operator deploys: where the host has a unit of that name already, with --take-over as the error says."""
    ran = qtctl("deploy", *argv)
    return qtctl("deploy", *argv, "--take-over") if ran.code == REFUSED and "--take-over" in ran.err else ran


def _count(chain: Chain, audit: Any) -> None:
    for finding in audit["findings"]:
        chain.gaps[f"{finding['id']} {finding['title']}"] += 1
    for unknown in audit["unknowns"]:
        chain.gaps[f"unknown {unknown['id']}"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.adopt.chains", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--compose", action="store_true", help="the folders have compose files")
    parser.add_argument("--keep", type=Path, help="a folder for what each step said")
    given = parser.parse_args()
    wrong = False
    for path in given.paths:
        name = "lab1"
        with tempfile.TemporaryDirectory() as scratch, own_lab(Path(scratch) / "lab"):
            begin = time.monotonic()
            compose = given.compose or path.is_file()
            chain = run(path, Path(scratch), path.name, compose=compose, host=name)
            sys.stdout.write(f"{chain.line()}  ({time.monotonic() - begin:.0f} s)\n")
            sys.stdout.flush()
            wrong = wrong or bool(chain.wrong)
            if given.keep:
                _write(given.keep / path.name, chain, Path(scratch) / "registry")
    return int(wrong)


def _write(folder: Path, chain: Chain, registry: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for step, told in chain.told.items():
        (folder / f"{step.replace(' ', '-')}.txt").write_text(told)
    if registry.is_dir():
        shutil.copytree(registry, folder / "registry")


if __name__ == "__main__":
    sys.exit(main())
