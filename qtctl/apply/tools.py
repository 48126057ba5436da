"""systemd-sysusers and systemd-tmpfiles, run on the host as root on one file."""

from shlex import quote

from qtctl.dialects.lines import lines
from qtctl.interfaces.host import Completed, Host
from qtctl.model.plan import Step, StepKind, StepResult, StepStatus

TOOLS = {StepKind.SYSUSERS: "systemd-sysusers", StepKind.TMPFILES: "systemd-tmpfiles --create"}
_SAID = 5
"""Of what it said, this many lines are enough."""


def run_tool(host: Host, step: Step, deadline_s: float) -> StepResult:
    """The tool's own exit status is the result. HostError where the host is gone, or the deadline passes."""
    done = host.start(f"{TOOLS[step.kind]} {quote(step.subject)}\n", root=True).finish(deadline_s)
    return StepResult(step, StepStatus.DONE) if done.exit == 0 else StepResult(step, StepStatus.FAILED, _why(done))


def _why(done: Completed) -> str:
    how = "ended by a signal" if done.exit is None else f"exit status {done.exit}"
    said = lines(done.stderr.decode("utf-8", "replace").strip())
    return "; ".join((how, *said[:_SAID]))
