"""Run systemd-sysusers and systemd-tmpfiles on the host, as root, for one file."""

from shlex import quote

from qtctl.dialects.lines import lines
from qtctl.interfaces.host import Completed, Host
from qtctl.model.plan import Step, StepKind, StepResult, StepStatus

TOOLS = {StepKind.SYSUSERS: "systemd-sysusers", StepKind.TMPFILES: "systemd-tmpfiles --create"}
_ERROR_LINES = 5
"""How many lines of a tool's error output are reported."""


def run_tool(host: Host, step: Step, deadline_s: float) -> StepResult:
    """The exit status of the tool decides the result. HostError if the connection is lost or the deadline passes."""
    done = host.start(f"{TOOLS[step.kind]} {quote(step.subject)}\n", root=True).finish(deadline_s)
    return (
        StepResult(step, StepStatus.DONE)
        if done.exit == 0
        else StepResult(step, StepStatus.FAILED, _explain_failure(done))
    )


def _explain_failure(done: Completed) -> str:
    how = "ended by a signal" if done.exit is None else f"exit status {done.exit}"
    said = lines(done.stderr.decode("utf-8", "replace").strip())
    return "; ".join((how, *said[:_ERROR_LINES]))
