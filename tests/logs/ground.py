"""Three lab hosts whose five services print what a test tells them, one of them with a clock that is 40 s behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qtctl.lab import lab
from qtctl.model.events import Event
from qtctl.model.tree import Account, Tree
from tests.builders.registry import DEFAULTS, write_fleet, write_host, write_script
from tests.cli.world import PROGRAM, Ran, qtctl

BEHIND_S = 40
_JOURNALS = "/run/log/journal/*/system.journal /var/log/journal/*/system.journal"
TREE = Tree(
    accounts=(
        Account("svc", "svc", "/home/svc"),
        Account("ops", "ops", "/home/ops", login=True, sudo=True),
        Account("audit", "audit", "/home/audit", login=True),
        Account("nobody2", "nobody2", "/home/nobody2", login=True),
    )
)
SERVICES = {"api": "log1", "feed": "log1", "brain": "log2", "cache": "log3", "sender": "log3"}
"""Service → the host that it is placed on."""
UNIT = """\
[Service]
ExecStartPre=-/usr/bin/mkfifo -m 666 /run/say-{name} /run/said-{name}
ExecStart=/bin/sh -c 'while :; do cat /run/say-{name}; echo >/run/said-{name}; done'
LogRateLimitIntervalSec=0
"""
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
"""Of Debian's package libfaketime: what is put before libc's own answers about the time."""


@dataclass(frozen=True)
class Ground:
    """`folder`: where qtctl runs, with the registry of these hosts."""

    folder: Path
    names: tuple[str, ...]

    def argv(self, *argv: str) -> list[str]:
        return [*PROGRAM, *argv]

    def run(self, *argv: str) -> Ran:
        return qtctl(self.folder, *argv)

    def sh(self, name: str, script: str, stdin: bytes | None = None) -> str:
        done = lab.execute(name, ["sh", "-euc", script], stdin=stdin)
        assert done.returncode == 0, (name, script, done.stderr)
        return done.stdout.decode()

    def say(self, service: str, message: str | bytes) -> None:
        """Have a service print a line, and wait until it is in the journal.

        libfaketime moves the timer, too, by which journald announces lines to those that follow: `touch` does it here.
        """
        raw = message if isinstance(message, bytes) else message.encode()
        self.sh(
            SERVICES[service],
            f"cat >/run/say-{service}; read -r _ </run/said-{service} || :; journalctl --sync; touch -c {_JOURNALS}",
            stdin=raw + b"\n",
        )


@contextmanager
def boot(folder: Path, behind: str = "log2", names: tuple[str, ...] = ("log1", "log2", "log3")) -> Iterator[Ground]:
    """The hosts, with their services running, and an account for audits that may read the journal.

    `behind`: the host whose clock is wrong, if any, since before its services were started.
    """
    lab.up(list(names), TREE, stands_for=names[0], progress=_ignore)
    try:
        write_registry(folder, names)
        ground = Ground(folder, names)
        for name in names:
            ground.sh(name, "usermod -aG systemd-journal audit")
        if behind:
            set_behind(ground, behind)
        for service, name in SERVICES.items():
            if name in names:
                unit = f"shop-{service}.service"
                ground.sh(name, f"cat >/etc/systemd/system/{unit}", stdin=UNIT.format(name=service).encode())
                ground.sh(name, f"systemctl daemon-reload; systemctl start {unit}; test -p /run/say-{service}")
        yield ground
    finally:
        lab.down(list(names))


def write_registry(folder: Path, names: tuple[str, ...]) -> None:
    texts = {
        "fleet.toml": write_fleet("shop", defaults=DEFAULTS),
        "hosts.toml": "".join(write_host(name, extra=f'tags = ["{name}-tag", "all"]\n') for name in names),
        "targets.toml": f'[front]\nsummary = "What users see"\nhosts = {[*names]}\n'.replace("'", '"'),
        **{
            f"services/{service}.toml": f'hosts = ["{name}"]\n'
            + ('target = "front"\n' if service in ("api", "brain") else "")
            + write_script("s", "running", f"{service}.sh")
            for service, name in SERVICES.items()
            if name in names
        },
    }
    for path, text in texts.items():
        (folder / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "registry" / path).write_text(text)


def set_behind(ground: Ground, name: str) -> None:
    """From now on the host's journald stamps lines with a clock that is behind, and `date` tells the same time.

    A host of the lab has the clock of this machine, which nobody may set here. libfaketime answers for it in these two
    programs; everything else is real: the journal, its files, journalctl, the order of the lines.
    """
    ground.sh(name, "cat >/usr/lib/libfaketime.so.1", stdin=FAKETIME.read_bytes())
    fake = f"LD_PRELOAD=/usr/lib/libfaketime.so.1 FAKETIME=-{BEHIND_S}s DONT_FAKE_MONOTONIC=1"
    date = f'#!/bin/sh\nexec env {fake} /usr/bin/date.real "$@"\n'
    ground.sh(name, "mv /usr/bin/date /usr/bin/date.real; cat >/usr/bin/date; chmod 755 /usr/bin/date", date.encode())
    words = "\n".join(f"Environment={each}" for each in fake.split())
    dropin = f"[Service]\n{words}\nMemoryDenyWriteExecute=no\n"
    folder = "/etc/systemd/system/systemd-journald.service.d"
    ground.sh(name, f"mkdir -p {folder}; cat >{folder}/behind.conf", dropin.encode())
    ground.sh(name, "systemctl daemon-reload; systemctl restart systemd-journald")


def _ignore(_event: Event) -> None:
    pass
