"""What is cut short: a deploy, a rollback, a restore of a backup, a cut-over, a deploy that builds a venv, the first
deploy of a host, and one that fails.

Each but the last brings a host from one of two versions to the other.
"""

import hashlib
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.ssh import SshHost, connect
from qtctl.adapters.supplies import LocalSupplies
from qtctl.apply.backup_archive import pack, unpack
from qtctl.flows.backup import restore, take
from qtctl.flows.deploy import deploy
from qtctl.flows.rollback import fetch_earlier
from qtctl.interfaces.host import Connector
from qtctl.interfaces.supplies import Supplies
from qtctl.lab import lab
from qtctl.model.desired import Desired
from qtctl.model.desired_container import LeftContainer
from qtctl.model.desired_install import DesiredInstall, InstallKind
from qtctl.model.events import Event
from qtctl.model.origin import Origin
from qtctl.model.plan import Choices
from qtctl.model.states import ServiceState
from qtctl.plan.outcome import DeployOutcome
from qtctl.plan.restore_aim import aim_at_backup
from tests.builders.planned import ORIGIN, UNITS
from tests.builders.wheels import lock_line, make_wheel
from tests.crash.fleet import LEFT, NEW, OLD, SECONDS, Code, fleet, unit
from tests.flows.ground import PORT, SERVE, THREE
from tests.flows.ground import fleet as plain
from tests.flows.standin_docker import container, install_script
from tests.flows.ways import with_text

Tell = Callable[[Event], None]
ABOUT = {"target": "h1", "by": "ops@here", "version": "1"}
DEADLINE_S, STEADY_S = 40.0, 1.0


@dataclass
class Kind:
    """A deploy of the small fleet; the others differ in a part of it.

    `go` is what is cut short, and `make` brings the host to a version whatever it has. `both_ways`: whether `go` leads
    to the old version as well.
    """

    both_ways = True
    untouched = "quantum-c own"
    """Units that are the same in both versions: nothing restarts them, except a boot of the host."""
    rest = LEFT
    """What must say nothing once the host is at rest."""

    def prepare(self, host: str) -> None:
        """Before any deploy."""

    def ready(self, host: str) -> None:
        """Before each run."""

    def judge(self, code: int, host: str) -> Iterator[str]:
        """What is wrong with this exit status, where the host is `as declared`, `as before`, or neither ('')."""
        if code == 0 and host != "as declared":
            yield "exit 0, and the host is not as declared"
        if code in (4, 130) and host != "as before":
            yield f"exit {code}, and the host is not as before"
        if code not in (0, 4, 5, 130, -signal.SIGKILL):
            yield f"exit {code}"

    def fleet(self, version: str) -> Desired:
        return fleet(version)

    @property
    def supplies(self) -> Supplies:
        return Code()

    def make(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        return self.deploy(host, self.fleet(version), tell, Choices(take_over=True, prune=True))

    def made(self, host: str, version: str) -> None:
        """After `make`, once the host is at that version."""

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        return self.deploy(host, self.fleet(version), tell, Choices(take_over=True))

    def deploy(self, host: str, wanted: Desired, tell: Tell, choices: Choices) -> DeployOutcome:
        return deploy(
            connector(host), wanted, SystemClock(), choices=choices, confirm=lambda _: True, progress=tell,
            deadline_s=DEADLINE_S, steady_s=STEADY_S, supplies=self.supplies,
        )  # fmt: skip


def connector(host: str) -> Connector:
    def open_connection() -> SshHost:
        return connect(host, user="ops", config=lab.write_ssh_config())

    return open_connection


class Rollback(Kind):
    """To the generation before the current one, which is of the other version."""

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        earlier = fetch_earlier(connector(host), fleet(version), None)
        return self.deploy(host, earlier.desired, tell, Choices(prune=True))


@dataclass
class Restore(Kind):
    """Of a backup of the other version. Without code: a backup holds what is installed under the fleet's names."""

    untouched = "own"
    backups: dict[str, bytes] = field(default_factory=dict)

    def fleet(self, version: str) -> Desired:
        command = f"/usr/bin/sleep {SECONDS[version]}"
        states = {"d": ServiceState.STOPPED} if version == OLD else {}
        made = plain(
            {**THREE, "a": command, "b": command, "d": command}, states=states, env=f"VERSION={version}\n".encode()
        )
        return replace(made, unit_patterns=("quantum-*",))

    def made(self, host: str, version: str) -> None:
        with connector(host)() as opened:
            self.backups[version] = pack(take(opened, self.fleet(version), SystemClock(), ABOUT))

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        return restore(
            connector(host), self.fleet(version), SystemClock(),
            aim_at_backup(unpack(self.backups[version], "b"), self.fleet(version)),
            confirm=lambda _: True, progress=tell, deadline_s=DEADLINE_S, steady_s=STEADY_S, about=ABOUT,
        )  # fmt: skip


class CutOver(Kind):
    """From a container to a unit; the way back to the container is no deploy."""

    both_ways = False
    left = LeftContainer("api", "mapped", ("d",), ("18080/tcp",), Origin("legacy/docker-compose.toml"))

    def prepare(self, host: str) -> None:
        script = install_script([container("shop-api-1", 1, "api")])
        run(host, f"{script}\nsystemctl enable -q docker.service")

    def fleet(self, version: str) -> Desired:
        if version == OLD:
            return plain(THREE)
        return replace(plain({**THREE, "d": SERVE}, ports={"d": PORT}), left_containers=(self.left,))

    def make(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        if version == NEW:
            return self.go(host, version, tell)
        outcome = super().make(host, version, tell)
        run(host, f"docker start -- {1:064x}")
        return outcome

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        return self.deploy(host, self.fleet(version), tell, Choices(cut_over=True))


VENV = "/srv/quantum/venv"
MODULE = "import time\nVERSION = {0!r}\nif __name__ == '__main__':\n    time.sleep(1e6)\n"


@dataclass
class Build(Kind):
    """Service a runs from a virtual environment that is built again each time."""

    untouched = "own"
    wheels: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="qtctl-crash-wheels-")))

    def fleet(self, version: str) -> Desired:
        program = f"{VENV}/bin/python -I -m one"
        made = plain({**THREE, "a": program}, env=f"VERSION={version}\n".encode())
        services = tuple(
            replace(each, argv=tuple(program.split()), venv=VENV) if each.name == "a" else each
            for each in made.services
        )
        return replace(made, services=services, installs=(self.install(version),))

    def install(self, version: str) -> DesiredInstall:
        number = {OLD: "1.0", NEW: "2.0"}[version]
        lock = lock_line(make_wheel(self.wheels, "one", number, files={"one.py": MODULE.format(version)}))
        digest = hashlib.sha256(lock.encode()).hexdigest()
        return DesiredInstall(InstallKind.VENV, "main", VENV, digest, ORIGIN, lock=lock, python="/usr/bin/python3")

    @property
    def supplies(self) -> Supplies:
        return LocalSupplies(None, self.wheels)

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        run(host, f"cd /opt/qtctl/store && rm -rf {self.install(version).digest}*")
        return super().go(host, version, tell)


STATUS = "/var/lib/qtctl/status"
IDLE = f"grep -q '^state idle$' {STATUS}"


@dataclass
class First(Kind):
    """The first deploy to a host: nothing of qtctl is there yet."""

    rest = f"[ ! -d /var/lib/qtctl ] || {{\n{LEFT}}} 2>/dev/null\n".replace(IDLE, f"[ ! -e {STATUS} ] || {IDLE}")

    def ready(self, host: str) -> None:
        run(host, f"rm -rf /var/lib/qtctl {UNITS}/qtctl-restore* {UNITS}/*/qtctl-restore*; systemctl daemon-reload")


@dataclass
class Failing(Kind):
    """One of its services ends at once, so that the host goes back, in the end also where nothing else happens."""

    def go(self, host: str, version: str, tell: Tell) -> DeployOutcome:
        wanted = self.fleet(version)
        text = unit("b", "/usr/bin/sleep", "never")
        return self.deploy(host, with_text(wanted, f"{UNITS}/quantum-b.service", text), tell, Choices(take_over=True))

    def judge(self, code: int, host: str) -> Iterator[str]:
        yield from super().judge(code, host)
        if host == "as declared":
            yield "it is as declared, which cannot be"


def run(host: str, script: str) -> None:
    done = lab.execute(host, ["sh", "-c", script])
    assert done.returncode == 0, done.stderr


KINDS: dict[str, Callable[[], Kind]] = {
    "deploy": Kind, "rollback": Rollback, "restore": Restore, "cut-over": CutOver, "build": Build, "first": First,
    "failing": Failing,
}  # fmt: skip
