"""Inject common faults into a lab host: an audit finds each, and a deploy repairs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from qtctl.errors import LabError
from qtctl.lab.lab import execute
from qtctl.lab.shell import read_tail
from qtctl.model.desired import Desired
from qtctl.model.states import ServiceState

UNITS = "/etc/systemd/system"


@dataclass(frozen=True, slots=True)
class Fault:
    """`what`: a description; `script`: shell commands that cause it, run as root."""

    what: str
    script: str


def choose_three_faults(desired: Desired) -> tuple[Fault, ...]:
    """A stopped service, a hand-edited unit file and a disabled timer; fewer if the registry has no such units.

    Services with ports are preferred, because stopping them has consequences that an audit also finds.
    """
    return tuple(_choose_faults(desired))


def _choose_faults(desired: Desired) -> Iterator[Fault]:
    running = [each for each in desired.services if each.state is ServiceState.RUNNING and not each.is_template]
    units = [each.unit for each in sorted(running, key=lambda each: (not each.ports, each.unit))]
    if units:
        yield Fault(f"{units[0]} was stopped", f"systemctl stop {quote(units[0])}")
    if units[1:]:
        edit = f"printf '# tried something\\nNice=5\\n' >> {quote(f'{UNITS}/{units[1]}')}"
        yield Fault(f"the file of {units[1]} was edited by hand", edit)
    timers = [each.unit for each in desired.timers if each.active]
    if timers:
        yield Fault(f"{timers[0]} was disabled", f"systemctl disable --quiet --now {quote(timers[0])}")


def inject(name: str, fault: Fault) -> None:
    """Cause a fault on the host. LabError if the script fails."""
    done = execute(name, ["sh", "-c", fault.script])
    if done.returncode != 0:
        raise LabError(f"{name}: {fault.script}: {read_tail(done.stderr)}")
