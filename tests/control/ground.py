"""Three lab hosts: two of the tag web with an api that needs a db, and one of the tag batch with jobs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtctl.lab import lab
from qtctl.model.events import Event
from qtctl.model.tree import Account, Tree
from tests.builders.registry import DEFAULTS, write_fleet, write_host
from tests.cli.world import Ran, qtctl

NAMES = ("ctl1", "ctl2", "ctl3")
TAGS = {"ctl1": "web", "ctl2": "web", "ctl3": "batch"}
TREE = Tree(
    accounts=(
        Account("svc", "svc", "/home/svc"),
        Account("ops", "ops", "/home/ops", login=True, sudo=True),
        Account("audit", "audit", "/home/audit", login=True),
    )
)
SERVICE = """\
summary = "{name}"
state = "{state}"
hosts = ["@{tag}"]
{more}
[run]
kind = "command"
argv = ["/bin/sleep", "infinity"]
cwd = "/"
"""
NEEDS_DB = '\n[order]\nafter = ["db"]\nrequires = ["db"]\n'
SERVICES = {
    "db": SERVICE.format(name="db", state="running", tag="web", more='target = "core"\n'),
    "api": SERVICE.format(name="api", state="running", tag="web", more='target = "core"\n') + NEEDS_DB,
    "jobs": SERVICE.format(name="jobs", state="running", tag="batch", more='target = "core"\n'),
    "old": SERVICE.format(name="old", state="stopped", tag="batch", more='why = "It was replaced by jobs."\n'),
}
PLACED = {"db": "web", "api": "web", "jobs": "batch", "old": "batch"}
"""Service → the tag of its hosts."""


@dataclass(frozen=True)
class Ground:
    """`folder`: where qtctl runs, with the registry of these hosts."""

    folder: Path
    names: tuple[str, ...]

    def run(self, *argv: str) -> Ran:
        return qtctl(self.folder, *argv)

    def control(self, *argv: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """The document of each host that was asked, by name."""
        ran = self.run(*argv, "--yes", "--format", "json")
        assert ran.code == code, ran.out + ran.err
        return {each["address"]: each for each in json.loads(ran.out)["hosts"]}

    def sh(self, name: str, script: str, stdin: bytes | None = None) -> str:
        done = lab.execute(name, ["sh", "-euc", script], stdin=stdin)
        assert done.returncode == 0, (name, script, done.stdout, done.stderr)
        return done.stdout.decode()

    def place_units(self, name: str) -> None:
        """What a deploy puts there and starts, of units alone."""
        out = self.folder / "rendered" / name
        assert self.run("render", "--as", name, "--out", str(out)).code == 0
        for path in sorted((out / "etc/systemd/system").glob("mill-*")):
            self.sh(name, f"cat >/etc/systemd/system/{path.name}", path.read_bytes())
        self.sh(
            name,
            "mkdir -p /srv/mill /etc/mill; systemctl daemon-reload; cd /etc/systemd/system; "
            "for each in mill-*; do case $each in mill-old.*) ;; *) systemctl enable --now --quiet $each ;; esac; done",
        )

    def find_pids(self) -> dict[str, str]:
        """'host service' → its main process, of those that are running."""
        found = {
            f"{name} {service}": self.sh(name, f"systemctl show -P MainPID mill-{service}").strip()
            for name in self.names
            for service, tag in PLACED.items()
            if tag == TAGS[name]
        }
        return {what: pid for what, pid in found.items() if pid != "0"}

    def read_journal(self, name: str) -> list[dict[str, str]]:
        """What qtctl has recorded there, oldest first."""
        fields = "MESSAGE,CONTROL_VERB,CONTROL_UNIT,CONTROL_WHY,DEPLOY_LOGIN"
        said = self.sh(name, f"journalctl --sync; journalctl -t qtctl -o json --output-fields={fields}")
        return [json.loads(line) for line in said.splitlines()]


@contextmanager
def boot(folder: Path) -> Iterator[Ground]:
    lab.up(list(NAMES), TREE, stands_for=NAMES[0], progress=_ignore)
    try:
        write_registry(folder)
        ground = Ground(folder, NAMES)
        for name in NAMES:
            ground.place_units(name)
        yield ground
    finally:
        lab.down(list(NAMES))


def write_registry(folder: Path) -> None:
    texts = {
        "fleet.toml": write_fleet("mill", defaults=DEFAULTS),
        "hosts.toml": "".join(write_host(name, extra=f'tags = ["{TAGS[name]}"]\n') for name in NAMES),
        "targets.toml": '[core]\nsummary = "All of it"\n',
        **{f"services/{name}.toml": text for name, text in SERVICES.items()},
    }
    for path, text in texts.items():
        (folder / "registry" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "registry" / path).write_text(text)


def _ignore(_event: Event) -> None:
    pass
