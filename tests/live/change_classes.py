"""Every directive changed on a running unit of a lab host: `python -m tests.live.change_classes [SECTION…]`.

All sections take half an hour. tests/live/test_change_classes.py runs a core of it. What the host cannot run with the
sample values (a file that is not there, a condition that does not hold) is counted and named: its class rests on
systemd's sources.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from qtctl.dialects.systemd.table.change_classes import find_change_class
from qtctl.dialects.systemd.table.lookup import find_kind, find_newest_kind, list_directives
from qtctl.lab import lab
from tests.adopt.samples import values
from tests.live.box import Box, qtctl
from tests.machine import own_lab

SECTIONS = ("Service", "Unit", "Socket", "Path", "Timer", "Slice", "Mount")
PROBE = Path(__file__).parent / "change_probe.py"
CANNOT = "cannot run here"
OWN = {
    ("Mount", "Options"): ("size=1M", "size=2M"),
    ("Mount", "DirectoryMode"): ("0755", "0711"),
    ("Service", "RuntimeMaxSec"): ("1h", "2h"),
    # A deploy watches a service for twice its delay.
    ("Service", "RestartSec"): ("100ms", "200ms"),
    # systemd wants a reload for as long as the file is not there.
    ("Unit", "SourcePath"): ("/etc/hostname", "/etc/hosts"),
}
ENDS_THE_HOST = frozenset(("SuccessAction", "FailureAction", "StartLimitAction", "JobTimeoutAction"))
OF_ITSELF = frozenset((("Mount", "What"), ("Mount", "Where"), ("Mount", "Type")))
"""Without these the unit of the test is another one."""

Case = tuple[str, str, str, str, str]


def cases(sections: Iterable[str], version: int) -> Iterator[Case]:
    """Section, directive, two sound values, and the class that it has."""
    for section, key in list_directives():
        if section in sections and find_kind(section, key, version) and key not in ENDS_THE_HOST:
            sample = OWN.get((section, key)) or values(section, key, find_newest_kind(section, key))
            if sample is not None and (section, key) not in OF_ITSELF:
                yield (section, key, *sample, find_change_class(section, key).value)


def run(box: Box, chosen: Iterable[Case]) -> dict[tuple[str, str], str]:
    """Section and directive → what is wrong, '' for nothing."""
    given = json.dumps(list(chosen))
    script = f"cat > /root/cases <<'EOF'\n{given}\nEOF\npython3 - /root/cases <<'EOF'\n{PROBE.read_text()}\nEOF\n"
    found = (json.loads(line) for line in box.sh(f"{script}rm /root/cases\n").splitlines())
    return {(section, key): wrong for section, key, wrong in found}


def main() -> None:
    sections = sys.argv[1:] or SECTIONS
    with tempfile.TemporaryDirectory() as state, own_lab(Path(state)):
        try:
            assert qtctl("lab", "up").code == 0
            found = run(Box("lab1"), cases(sections, 252))
        finally:
            lab.down(["lab1"])
    for (section, key), wrong in found.items():
        if wrong:
            sys.stdout.write(f"[{section}] {key}=: {wrong}\n")
    counts = Counter("wrong" if wrong not in ("", CANNOT) else wrong or "in force" for wrong in found.values())
    sys.stdout.write(f"{dict(counts)}\n")
    raise SystemExit(counts["wrong"] > 0)


if __name__ == "__main__":
    main()
