"""The script that removes files, and what became of each step."""

from collections.abc import Sequence
from shlex import quote

from qtctl.apply.install import InstallAnswer, read_answer
from qtctl.interfaces.host import Host
from qtctl.model.plan import COPIES_KEPT, Step, StepResult, StepStatus
from qtctl.probes.answer import last_line
from qtctl.probes.files import DIGEST_KIB, MARK
from qtctl.remote.scripts import read_script


def remove_files(host: Host, steps: Sequence[Step], kept: str, deadline_s: float) -> list[StepResult]:
    """Each is kept below `kept`, a new folder, before any goes. HostError if the connection is lost."""
    done = host.start(remove_script(steps, kept), root=True).finish(deadline_s)
    answer = read_answer(done.stdout)
    why = answer.why or last_line(done.stderr) or f"the script ended with exit status {done.exit}"
    return [_read_result(number, step, kept, answer, why) for number, step in enumerate(steps)]


def _read_result(number: int, step: Step, kept: str, answer: InstallAnswer, why: str) -> StepResult:
    if number in answer.installed:
        return StepResult(step, StepStatus.DONE, kept=f"{kept}{step.subject}")
    if not answer.whole:
        return StepResult(step, StepStatus.UNKNOWN, why)
    return StepResult(step, StepStatus.FAILED if number == answer.stopped_at else StepStatus.NOT_RUN, why)


def remove_script(steps: Sequence[Step], kept: str, root: str = "") -> str:
    """`root`: a prefix for every path."""
    folders = dict.fromkeys(root + (step.subject.rpartition("/")[0] or "/") for step in steps)
    places = [f"{number} {quote(root + step.subject)} {quote(step.seen)}" for number, step in enumerate(steps)]
    lines = (
        "  trap clean EXIT",
        "  trap '' HUP PIPE",
        "  trap 'stop - interrupted' INT TERM",
        *(f"  safe {quote(folder)} {quote(folder)}" for folder in folders),
        '  safe "$replaced" "$kept"',
        "  vault",
        *(f"  leave {place}" for place in places),
        *(f"  remove {place}" for place in places),
        "  made=''",
        "  say end",
    )
    names = f"stage=/nonexistent replaced={quote(root + kept.rpartition('/')[0])} kept={quote(root + kept)}"
    names += f" keep={COPIES_KEPT} mark={quote(MARK)} most={(DIGEST_KIB + 1) * 1024}"
    head = (read_script("way.sh"), read_script("install.sh"), read_script("remove.sh"))
    return "\n".join((names, *head, "main() {", *lines, "}", "main", ""))
