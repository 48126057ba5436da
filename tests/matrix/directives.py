"""Every directive that the registry can express, each declared by a unit of its own, and what happens when it changes.

The units are adopted, as an operator's would be, and rendered: what the registry cannot say, or systemd ignores, is not
in what is rendered. They are written to the host without a deploy, and none of them is started.
"""

import io
import shlex
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qtctl.dialects.systemd.table.lookup import find_kind, list_keys
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.lab import lab
from tests.adopt.samples import values
from tests.live.box import Box, qtctl

UNITS = "/etc/systemd/system"
FOLDERS = (UNITS, "/run/systemd/system", f"{UNITS}.control", "/run/systemd/system.control")
KINDS = {"Unit": "service", "Service": "service", "Timer": "timer"}
BASE = {"Unit": "[Service]\nExecStart=/bin/true\n", "Service": "ExecStart=/bin/true\n", "Timer": "OnActiveSec=99d\n"}
OF_DRIFT = ("QT201", "QT210", "QT211", "QT212", "QT220", "QT225")
Found = set[tuple[str, str]]


@dataclass(frozen=True)
class Change:
    """A unit that declares one directive, and another value of it. `line`: as rendered."""

    unit: str
    section: str
    key: str
    line: str
    other: str


@dataclass(frozen=True)
class Declared:
    """A registry of such units on a host, and what can be changed there."""

    box: Box
    rendered: Path
    changes: tuple[Change, ...]

    def audit(self) -> Found:
        only = [word for id_ in OF_DRIFT for word in ("--only", id_)]
        report = self.box.audit(*only).json()
        assert [each for each in report["unknowns"] if each["subject"].startswith("dx-")] == []
        return {(each["id"], each["subject"]) for each in report["findings"] if each["subject"].startswith("dx-")}

    def write(self, text_of: Callable[[Change, str], str]) -> None:
        """All unit files, each with what `text_of` makes of its text."""
        by_unit = {each.unit: each for each in self.changes}
        files = {
            path.name: text_of(by_unit[path.name], path.read_text()) if path.name in by_unit else path.read_text()
            for path in (self.rendered / UNITS[1:]).iterdir()
            if path.is_file()
        }
        unpack(self.box, UNITS, files)

    def drop_ins(self, folder: str) -> None:
        files = {f"{each.unit}.d/50-x.conf": f"[{each.section}]\n{each.key}={each.other}\n" for each in self.changes}
        unpack(self.box, folder, files)

    def remove_drop_ins(self) -> None:
        self.box.sh(f"rm -rf {' '.join(f'{folder}/dx-*.d' for folder in FOLDERS)}; systemctl daemon-reload")

    def set_properties(self) -> tuple[Change, ...]:
        """Set each with `systemctl set-property`; those that systemd took."""
        lines = [
            f"systemctl set-property --runtime {each.unit} {shlex.quote(f'{each.key}={each.other}')} 2>/dev/null "
            f"&& echo {number} || true"
            for number, each in enumerate(self.changes)
        ]
        return tuple(self.changes[int(number)] for number in self.box.sh("\n".join(lines)).split())


def declare(box: Box, work: Path, only: Sequence[str] = (), version: int = 252) -> Declared:
    """The units of a registry that declares each directive (or those of `only`), on the host as rendered."""
    units, registry, rendered = work / "units", work / "registry", work / "rendered"
    units.mkdir(parents=True)
    wanted = [each for each in _changes(version) if not only or each.key in only]
    for each in wanted:
        text = f"[{each.section}]\n{each.line}\n{BASE[each.section]}"
        (units / each.unit).write_text(text)
        if each.section == "Timer":
            (units / each.unit.replace(".timer", ".service")).write_text("[Service]\nExecStart=/bin/true\n")
    adopted = qtctl("adopt", "units", str(units), "--out", str(registry), "--name", "dx", "--host", "lab1")
    assert (registry / "fleet.toml").is_file(), adopted.out + adopted.err
    hosts = registry / "hosts.toml"
    hosts.write_text(hosts.read_text().replace('"auditor"', '"qtaudit"'))
    ran = qtctl("render", "--registry", str(registry), "--out", str(rendered))
    assert rendered.is_dir(), ran.out + ran.err
    changes = tuple(_rendered(wanted, rendered / UNITS[1:]))
    declared = Declared(replace(box, registry=registry), rendered, changes)
    declared.write(lambda _, text: text)
    return declared


def remove(box: Box) -> None:
    box.sh(f"rm -rf {' '.join(f'{folder}/dx-*' for folder in FOLDERS)}; systemctl daemon-reload")


def _changes(version: int) -> Iterator[Change]:
    for section, kind in KINDS.items():
        for key in list_keys(section, version):
            sample = values(section, key, find_kind(section, key, version) or "")
            if sample and sample[1]:
                unit = f"dx-{section.lower()}-{key.lower()}.{kind}"
                yield Change(unit, section, key, f"{key}={sample[0]}", sample[1])


def _rendered(wanted: Sequence[Change], folder: Path) -> Iterator[Change]:
    """Those whose unit declares the directive after all, each with the line as it is rendered."""
    for each in wanted:
        path = folder / each.unit
        text = path.read_text() if path.is_file() else ""
        if (each.section, each.key) in merge_effective(parse(text, each.unit)):
            lines = [line for line in text.splitlines() if line.startswith(f"{each.key}=")]
            if lines:
                yield replace(each, line=lines[0])


def changed_line(change: Change, text: str) -> str:
    return text.replace(f"\n{change.line}\n", f"\n{change.key}={change.other}\n")


def unpack(box: Box, folder: str, files: dict[str, str]) -> None:
    """Write files below a folder of the host, as root, and have systemd read them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    script = f"mkdir -p {folder}; tar -x --no-same-owner -C {folder}; systemctl daemon-reload"
    done = lab.execute(box.name, ["sh", "-c", script], stdin=packed.getvalue())
    assert done.returncode == 0, done.stderr
