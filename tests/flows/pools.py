"""Pools of instances on a lab host, and a sampler that counts without a pause how many of them are up."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from tests.builders.planned import ORIGIN, UNITS, desired, digest, service, target
from tests.flows.ground import MARK, Ground

EIGHT = tuple(str(number) for number in range(1, 9))
TEMPLATE = "quantum-w@.service"
SLEEPS = "/bin/sh -c 'sleep 0.7; systemd-notify --ready; exec sleep inf'"
"""Its start takes as long as that of a real program."""


def pool(command: str = SLEEPS, *, names: tuple[str, ...] = EIGHT, part: str = "25%", lines: str = "") -> Desired:
    """A template with one instance for each name, and nothing else."""
    text = (
        f"{MARK}[Unit]\nDescription=worker %i\n\n[Service]\nType=notify\nNotifyAccess=all\nUser=qt\n"
        f"EnvironmentFile=/etc/quantum/w.env\nExecStart={command}\n{lines}\n[Install]\nWantedBy=quantum.target\n"
    ).encode()
    template = service("w@", unit=TEMPLATE, env_file="/etc/quantum/w.env")
    made = desired(template, target(), texts={f"{UNITS}/{TEMPLATE}": text, f"{UNITS}/quantum.target": _TARGET})
    units = tuple(
        replace(template, name=f"w@{name}", unit=f"quantum-w@{name}.service", template=TEMPLATE, max_unavailable=part)
        for name in names
    )
    return replace(made, services=units, templates=(template,))


_TARGET = f"{MARK}[Unit]\nDescription=t\n[Install]\nWantedBy=multi-user.target\n".encode()


def with_env(made: Desired, env: bytes) -> Desired:
    content = MARK.encode() + env
    file = DesiredFile("/etc/quantum/w.env", content, "0600", "root", "root", digest(content), "env", TEMPLATE, ORIGIN)
    return replace(made, files=tuple(file if each.path == file.path else each for each in made.files))


@dataclass
class Sampled:
    """How many instances were up at each look, and for how many looks."""

    counts: list[int] = field(default_factory=list)

    @property
    def fewest(self) -> int:
        return min(self.counts)


@contextmanager
def sampled(ground: Ground) -> Iterator[Sampled]:
    """Looks about thirty times a second, on the host itself, while the block runs."""
    ground.run(
        "rm -f /run/sampled /run/sampling; touch /run/sampling; systemd-run -q --unit=sampler sh -c '"
        'while [ -e /run/sampling ]; do systemctl is-active "quantum-w@*" | grep -cx active >>/run/sampled; '
        "sleep 0.02; done'"
    )
    found = Sampled()
    try:
        _wait_for_first_look(ground)
        yield found
    finally:
        ground.run("rm -f /run/sampling; while systemctl -q is-active sampler; do sleep 0.1; done")
    found.counts = [int(line) for line in ground.run("cat /run/sampled").split()]


def _wait_for_first_look(ground: Ground) -> None:
    for _ in range(100):
        if ground.run("test -s /run/sampled && echo yes || true").strip():
            return
        time.sleep(0.05)
