"""Every directive changed by a deploy on a unit that runs: `python -m tests.flows.directives [SECTION…]`.

Each directive has a unit of its own. All are deployed with one value, then with another, and then the host compares
each unit, as it runs, with the same unit after a stop and a start: by what systemd has loaded, and by what the process,
its control group and the journal show. tests/flows/test_directives.py runs a core of it. What the host cannot run with
the sample values is counted.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.lab import lab
from qtctl.model.desired import Desired, DesiredOther, DesiredService, DesiredTimer
from qtctl.model.tree import Account, Tree
from qtctl.plan.outcome import DeployStatus
from tests.builders.planned import UNITS, desired, other, service, timer
from tests.flows.ground import MARK, NAME, Ground, quiet, said
from tests.live.change_classes import PROBE, SECTIONS, cases
from tests.machine import own_lab

AT_ONCE = 80
PROBE_S = 600
BASE = {
    "Service": "[Unit]\n{unit}\n[Service]\nType=exec\nExecStart=/bin/sleep inf\nTimeoutStopSec=5\n{own}\n",
    "Socket": "[Unit]\n{unit}\n[Socket]\nListenStream=/run/{name}.sock\nService=changing-held.service\n{own}\n",
    "Path": "[Unit]\n{unit}\n[Path]\nPathExists=/nowhere/at/all\nUnit=changing-held.service\n{own}\n",
    "Timer": "[Unit]\n{unit}\n[Timer]\nOnActiveSec=9h\nUnit=changing-held.service\n{own}\n",
    "Slice": "[Unit]\n{unit}\n[Slice]\n{own}\n",
    "Mount": "[Unit]\n{unit}\n[Mount]\nWhat=tmpfs\nWhere=/{name}\nType=tmpfs\n{own}\n",
}


class Change(NamedTuple):
    """One directive of one unit, with two values."""

    section: str
    key: str
    name: str
    values: tuple[str, str]
    needed: ChangeClass

    @property
    def kind(self) -> str:
        return "Service" if self.section == "Unit" else self.section

    @property
    def unit(self) -> str:
        return f"{self.name}.{self.kind.lower()}"

    def text(self, number: int) -> str:
        line = f"{self.key}={self.values[number]}"
        unit, own = (line, "") if self.section == "Unit" else ("", line)
        # Of several that it names, systemd takes the first unit alone.
        base = BASE[self.kind].replace("Unit=changing-held.service\n", "") if self.key == "Unit" else BASE[self.kind]
        return MARK + base.format(unit=unit, own=own, name=self.name)


def list_changes(sections: Iterable[str], version: int = 252) -> Iterator[Change]:
    for section, key, old, new, needed in cases(sections, version):
        name = f"quantum{section}{key}".lower()
        yield Change(section, key, name, (old, new), ChangeClass(needed))


def declare(changes: Sequence[Change], number: int) -> Desired:
    made: list[DesiredService | DesiredTimer | DesiredOther] = []
    for each in changes:
        if each.kind == "Service":
            made.append(service(each.name, unit=each.unit, user="", group="", working_directory="", wanted_by=()))
        elif each.kind == "Timer":
            made.append(
                replace(timer(each.name), unit=each.unit, starts="changing-held.service", enabled=False, wanted_by=())
            )
        else:
            made.append(other(each.unit, wanted_by=()))
    return desired(*made, texts={f"{UNITS}/{each.unit}": each.text(number).encode() for each in changes})


def probe(given: object) -> dict[str, object]:
    """By unit, what tests/live/change_probe.py says."""
    script = (
        f"cat >/root/given <<'EOF'\n{json.dumps(given)}\nEOF\npython3 - /root/given <<'EOF'\n{PROBE.read_text()}\nEOF\n"
    )
    done = lab.execute(NAME, ["sh", "-c", script], timeout=PROBE_S)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.decode().splitlines())


def invocations(ground: Ground, changes: Sequence[Change]) -> list[str]:
    names = " ".join(each.unit for each in changes)
    said = ground.run(f"systemctl show -p InvocationID {names}")
    return [line.partition("=")[2] for line in said.splitlines() if line]


def change(ground: Ground, changes: Sequence[Change]) -> dict[str, str]:
    """Unit → what is wrong after the deploy, '' for nothing. Units that cannot run with both values are left out."""
    can = probe({"runs": [[each.unit, each.text(0), each.text(1)] for each in changes]})
    chosen = [each for each in changes if each.unit in can]
    found: dict[str, str] = {}
    before: list[str] = []
    for number in (0, 1):
        outcome = ground.deploy(declare(chosen, number), take_over=True, steady_s=0.1, deadline_s=120)
        open_ = [f"{each.subject}: {each.title} {each.observed}" for each in outcome.outstanding]
        assert outcome.status is DeployStatus.DEPLOYED, (said(outcome), open_)
        before = before if number else invocations(ground, chosen)
    for each, old, new in zip(chosen, before, invocations(ground, chosen), strict=True):
        if (old != new) != each.needed.starts_anew:
            found[each.unit] = f"started anew, or not, other than {each.needed.value} says"
    compared = probe({"units": [each.unit for each in chosen]})
    return {**{unit: str(wrong) for unit, wrong in compared.items()}, **found}


def main() -> None:
    tree = Tree(accounts=(Account("qt", "qt", "/home/qt"), Account("ops", "ops", "/home/ops", login=True, sudo=True)))
    wrong: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as state, own_lab(Path(state)):
        lab.up([NAME], tree, stands_for="h1", progress=quiet)
        try:
            every = tuple(list_changes(sys.argv[1:] or SECTIONS))
            for first in range(0, len(every), AT_ONCE):
                part = every[first : first + AT_ONCE]
                found = change(Ground(), part)
                for unit, what in found.items():
                    wrong["wrong" if what else "in force"] += 1
                    if what:
                        sys.stdout.write(f"{unit}: {what}\n")
                wrong["cannot run here"] += len(part) - len(found)
                sys.stdout.write(f"{dict(wrong)}\n")
                sys.stdout.flush()
        finally:
            lab.down([NAME])
    raise SystemExit(wrong["wrong"] > 0)


if __name__ == "__main__":
    main()
