"""python -m tests.bench.adoption [ROUNDS]: `adopt units` of 1,000 and 4,000 unit files, and of as many drop-ins.

No host is needed. CPU is what is judged, the least of the rounds: others on the machine only add to it. Exit 1 where
something is over its aim.
"""

import gc
import sys
from collections.abc import Callable, Mapping
from time import process_time

from qtctl.__main__ import be_quick
from qtctl.adopt.merged_units import Selection
from qtctl.flows.adopt import Source, adopt_units
from qtctl.model.adoption import Found
from tests.adopt.small import into

ROUNDS = 3
FEW, MANY = 1_000, 4_000
AIMS = {
    f"{MANY} unit files, s": 10.0,
    f"{MANY} drop-ins of foreign units, s": 30.0,
    f"{MANY} drop-ins of one foreign unit, s": 30.0,
    f"{MANY // 2} unit files, each with a drop-in and a link, s": 20.0,
}
GROWTH = 5.5
"""What four times as many files may take, in times: linear is 4."""

UNIT = """\
# What it does.
[Unit]
Description=Worker {n}
After=network.target w{before}.service

[Service]
User=shop
WorkingDirectory=/srv/shop
ExecStart=/srv/shop/venv/bin/python -m shop.w{n} --port {n}
Environment=A={n} LEVEL=info
Restart=always
RestartSec=5
MemoryMax=512M
NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths=/srv/shop/data /var/log/shop

[Install]
WantedBy=multi-user.target
"""
DROPIN = """\
[Unit]
RequiresMountsFor=/mnt/data /var/lib/x{n}
[Service]
SystemCallFilter=
SystemCallFilter=@system-service
Environment=A={n}
MemoryMax=1G
ReadWritePaths=/a /b
ExecStart=
ExecStart=/bin/x {n}
"""


def unit(n: int) -> Found:
    return Found(f"w{n}.service", UNIT.format(n=n, before=max(n - 1, 0)).encode())


def dropin(n: int, of: str) -> Found:
    return Found(f"{of}.service.d/{n:05}.conf", DROPIN.format(n=n).encode())


def whole(n: int) -> tuple[Found, ...]:
    link = Found(f"multi-user.target.wants/w{n}.service", link=f"../w{n}.service")
    return unit(n), dropin(n, f"w{n}"), link


MADE: Mapping[str, Callable[[int], list[Found]]] = {
    "unit files": lambda count: [unit(n) for n in range(count)],
    "drop-ins of foreign units": lambda count: [dropin(n, f"w{n}") for n in range(count)],
    "drop-ins of one foreign unit": lambda count: [dropin(n, "w") for n in range(count)],
    "unit files, each with a drop-in and a link": lambda count: [each for n in range(count // 2) for each in whole(n)],
}


def adopted(found: list[Found], rounds: int) -> float:
    """The least CPU seconds of an adoption of all of it."""
    took = []
    for _ in range(rounds):
        gc.collect()
        begin = process_time()
        done = adopt_units(Source("here", tuple(found)), Selection(252), into())
        took.append(process_time() - begin)
        if done.adoption.differences:
            raise SystemExit(f"what was adopted differs: {done.adoption.differences[0]}")
    return min(took)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    over = False
    be_quick()
    for (name, aim), make in zip(AIMS.items(), MADE.values(), strict=True):
        few, many = adopted(make(FEW), rounds), adopted(make(MANY), rounds)
        missed = many > aim or many / few > GROWTH
        over = over or missed
        sys.stdout.write(
            f"{many:6.2f} (aim {aim:.0f}), {many / few:.1f} times that of {FEW}{' (over)' if missed else ''}: {name}\n"
        )
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
