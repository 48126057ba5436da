"""Carry out a plan on a host: files by SFTP and one root script, units by jobs on the system bus."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from qtctl.apply.install import REPLACED, InstallAnswer, install_script, read_answer
from qtctl.apply.journal import Journal
from qtctl.apply.remove import remove_files
from qtctl.apply.tools import TOOLS, run_tool
from qtctl.apply.units import run_batch
from qtctl.errors import DeployRefused, HostError, Refused
from qtctl.interfaces.host import Completed, Ended, Host
from qtctl.interfaces.progress import Progress
from qtctl.model.events import Stage, begun, waiting
from qtctl.model.plan import Step, StepKind, StepResult, StepStatus
from qtctl.model.tree import TreeFile
from qtctl.plan.targets import REMEDY
from qtctl.probes.answer import last_line

UNCHANGED = "nothing was changed"
_SEE = "see to that on the host, then deploy again"
_UNSTAGE_S = 10.0
_GROUPS = {StepKind.RESTART: StepKind.START}
"""Starts and restarts are queued together: they depend on each other."""


def apply(host: Host, journal: Journal, *, deadline_s: float, progress: Progress) -> None:
    """Run the steps of the journal's plan in order, and record the result of each in the journal.

    After a failed write, tool, reload or enablement, nothing more is done; a unit that fails does not stop the others.
    Raises DeployRefused if nothing was changed on the host. Once something may have changed, errors are recorded in
    the journal instead.
    """
    clock = journal.clock
    until = clock.monotonic() + deadline_s
    for _, group in groupby(journal.plan.steps, key=lambda step: _GROUPS.get(step.kind, step.kind)):
        steps = list(group)
        if blocked := _find_blocker(journal.ended):
            journal.skip(steps, blocked)
        elif steps[0].kind is StepKind.WRITE:
            _write_files(host, steps, journal, until, progress)
        else:
            progress(begun(journal.plan.host, Stage.CHANGE, _describe_steps(steps)))
            _run(host, steps, journal, until - clock.monotonic(), _count_ended(steps, journal.plan.host, progress))


def _count_ended(steps: Sequence[Step], host: str, progress: Progress) -> Ended:
    """A callback that reports how many of several units are done."""

    def ended(count: int) -> None:
        if len(steps) > 1:
            progress(waiting(host, Stage.CHANGE, f"{_describe_steps(steps)}, {count} of {len(steps)} done"))

    return ended


def _run(host: Host, steps: Sequence[Step], journal: Journal, left_s: float, ended: Ended) -> None:
    journal.begin(steps)
    try:
        if steps[0].kind is StepKind.REMOVE:
            journal.end(remove_files(host, steps, _name_kept(journal), left_s))
        elif steps[0].kind in TOOLS:
            journal.end([run_tool(host, step, left_s) for step in steps])
        else:
            journal.end(run_batch(host.bus(root=True), steps, left_s, ended))
    except HostError as error:
        journal.lose(error)


def _find_blocker(ended: Sequence[StepResult]) -> str:
    """The failed step that stops the deploy, as text; '' if there is none."""
    broken = [result for result in ended if not result.done and _blocks_rest(result.step)]
    if not broken:
        return ""
    first = min(broken, key=lambda result: result.status is StepStatus.NOT_RUN)
    how = "may not be done" if first.status is StepStatus.UNKNOWN else "failed"
    return f"{first.step.kind} {first.step.subject} {how}"


def _blocks_rest(step: Step) -> bool:
    return step.kind not in (StepKind.START, StepKind.RESTART, StepKind.STOP, StepKind.RESET_FAILED)


def _describe_steps(steps: Sequence[Step]) -> str:
    kinds = " and ".join(dict.fromkeys(step.kind.value for step in steps))
    return f"{kinds}: {steps[0].subject}" if len(steps) == 1 else f"{kinds}: {len(steps)} units"


def _write_files(host: Host, steps: Sequence[Step], journal: Journal, until: float, progress: Progress) -> None:
    journal.begin(steps)
    clock, host_name = journal.clock, journal.plan.host
    progress(begun(host_name, Stage.INSTALL, f"staging {_describe_files(steps)}"))
    stage = f"/tmp/qtctl-{secrets.token_hex(16)}"  # noqa: S108 - a new folder of mode 0700; root checks what it takes
    kept = _name_kept(journal)
    try:
        host.put(stage, [_stage_file(number, step) for number, step in enumerate(steps)])
        progress(begun(host_name, Stage.INSTALL, f"installing {_describe_files(steps)}"))
        running = host.start(install_script(steps, stage, kept), root=True)
    except HostError as error:
        raise DeployRefused(f"{UNCHANGED}: {error.what}{_unstage(host, stage)}", hint=error.hint) from error
    try:
        done = running.finish(max(until - clock.monotonic(), 1.0))
    except Refused as error:
        raise DeployRefused(f"{UNCHANGED}: {error.what}{_unstage(host, stage)}", hint=error.hint) from error
    except HostError as error:
        journal.lose(error)
        return
    answer = read_answer(done.stdout)
    left = "".join(f"; {path} is left on the host" for path in answer.left)
    if not answer.whole:
        left = f"{_unstage(host, stage)}; {_list_possible_leftovers(steps, kept)}"
    journal.end(_read_results(steps, kept, answer, done, left))


def _name_kept(journal: Journal) -> str:
    """A new folder for what is replaced or removed."""
    return f"{REPLACED}/{datetime.fromtimestamp(journal.clock.now(), UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _describe_files(steps: Sequence[Step]) -> str:
    return steps[0].subject if len(steps) == 1 else f"{len(steps)} files"


def _unstage(host: Host, stage: str) -> str:
    """Remove the staged files if the script did not. Returns '', or what is left on the host and why."""
    try:
        done = host.start(f"rm -rf -- {stage}\n").finish(_UNSTAGE_S)
    except HostError as error:
        return f"; {stage} is left on the host: {error.what}"
    return "" if done.exit == 0 else f"; {stage} is left on the host"


def _stage_file(number: int, step: Step) -> TreeFile:
    if step.file is None:
        raise ValueError(f"{step.subject}: a write without its file")
    return TreeFile(str(number), step.file.content, mode=0o600)


def _list_possible_leftovers(steps: Sequence[Step], kept: str) -> str:
    folders = sorted({step.subject.rpartition("/")[0] or "/" for step in steps})
    return f"it did not say whether it cleaned up: look for .qtctl-* in {', '.join(folders)}, and for {kept}"


def _read_results(
    steps: Sequence[Step], kept: str, answer: InstallAnswer, done: Completed, left: str
) -> list[StepResult]:
    why = (answer.why or last_line(done.stderr) or f"the install script ended with exit status {done.exit}") + left
    if _is_unchanged(steps, answer, done):
        raise DeployRefused(f"{UNCHANGED}: {why}", hint=REMEDY if answer.unsafe else _SEE)
    return [_read_result(number, step, kept, answer, why) for number, step in enumerate(steps)]


def _is_unchanged(steps: Sequence[Step], answer: InstallAnswer, done: Completed) -> bool:
    """Whether every path in the plan is certainly unchanged.

    Before its first change the script writes only to new folders that only root can enter. A directory is moved away
    before the file that replaces it is installed, so with one of those it is not certain.
    """
    if not answer.begun:
        return answer.whole or bool(done.exit)
    return answer.whole and not answer.installed and not any(step.seen == "dir" for step in steps)


def _read_result(number: int, step: Step, kept: str, answer: InstallAnswer, why: str) -> StepResult:
    if number in answer.installed:
        old = "" if step.seen == "absent" else f"{kept}{step.subject}"
        return StepResult(step, StepStatus.DONE, kept=old, forgotten=answer.forgotten.count(number))
    if not answer.whole:
        return StepResult(step, StepStatus.UNKNOWN, why)
    return StepResult(step, StepStatus.FAILED if number == answer.stopped_at else StepStatus.NOT_RUN, why)
