"""The recorded host that ships with qtctl: `python -m tests.docs.record` boots, deploys to and looks at one."""

import tempfile
from pathlib import Path

from qtctl.lab import lab
from tests.live.box import qtctl
from tests.machine import own_lab

RECORDED = Path(__file__).parent.parent.parent / "qtctl" / "data" / "recorded" / "evidence.json"


def main() -> None:
    with tempfile.TemporaryDirectory() as state, own_lab(Path(state)):
        try:
            for argv in (
                ("lab", "up", "--suite", "bookworm"),
                ("deploy", "--host", "lab1", "--yes"),
                ("audit", "--host", "lab1", "--user", "ops", "--become", "--save", str(RECORDED)),
            ):
                ran = qtctl(*argv)
                if ran.code != 0:
                    raise SystemExit(f"qtctl {' '.join(argv)}: {ran.code}\n{ran.out}{ran.err}")
        finally:
            lab.down([host.name for host in lab.list_hosts()])


if __name__ == "__main__":
    main()
