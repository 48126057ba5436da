"""All families that need a shell: sent together in one exec, and taken apart when everything else has been asked."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qtctl.collect.ledger import Ledger
from qtctl.collect.look import Observation
from qtctl.dialects.login_messages import FULL, could_not_fork, find_cause
from qtctl.errors import HostError
from qtctl.interfaces.host import Completed, Host, Running
from qtctl.model.evidence import Need
from qtctl.model.facts import Reach
from qtctl.probes.answer import (
    Answer,
    answer_not_gnu,
    answer_not_installed,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    find_first_line,
    find_unknown_option,
    mark_refused_to_root,
)
from qtctl.probes.batch import (
    Command,
    Frame,
    Probe,
    find_missing_tool,
    has_begun,
    make_root_request,
    make_script,
    split_frames,
)

REACH, REACH_ROOT = Need(Reach.FACT, "exec"), Need(Reach.FACT, "root")
MOST_OUTPUT = 4 * 1024 * 1024
"""Bytes that all commands may print: a host of a thousand services prints one million."""
CLOCK_STEP_S = 0.05
"""How exact the times of frames are: /proc/uptime has steps of 10 ms, and a busy host takes some more to read it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Families, the needs that each must answer, and the exec under way, or why there is none.

    `root`: whether it runs as root.
    """

    families: tuple[tuple[Probe, tuple[Need, ...]], ...]
    running: Running | HostError
    marker: str
    reach: Need = REACH
    root: bool = False

    @property
    def commands(self) -> list[Command]:
        return [command for probe, _ in self.families for command in probe.commands]

    @property
    def needs(self) -> Iterable[Need]:
        return (need for _, needs in self.families for need in needs)


def start(host: Host, families: Sequence[tuple[Probe, tuple[Need, ...]]], *, root: bool, reach: Need = REACH) -> Asked:
    """`reach`: the fact that says whether commands can be run in this way."""
    marker = secrets.token_hex(16)
    asked = Asked(tuple(families), HostError("not started"), marker, reach, root)
    try:
        question = make_root_request(asked.commands, marker) if root else make_script(asked.commands, marker)
        running: Running | HostError = host.start(question, root=root, attached=True)
    except HostError as error:
        running = error
    return replace(asked, running=running)


def finish(look: Observation, asked: Asked) -> None:
    """Wait for the answers and note them. An exec that fails refuses all its families, and nothing else.

    What a first answer leaves open (whether files that look changed are) is asked once more, in a second exec.
    """
    done = _wait(look, asked, asked.reach)
    if done is None:
        return
    user = "root" if asked.reach == REACH_ROOT else look.host.user
    number = look.ledger.ask("exec", ("true",), "true", at=done.started_at, took_s=0)
    look.ledger.add([answer_observed(asked.reach, Reach(user), again="true")], [number])
    further = _note(asked, done, look.ledger)
    if further:
        rest = start(look.host, further, root=asked.root)
        if (done := _wait(look, rest)) is not None:
            _note(rest, done, look.ledger)


def _wait(look: Observation, asked: Asked, *reach: Need) -> Completed | None:
    """None if the exec failed: then all its needs, and `reach`, were refused for that."""
    if isinstance(asked.running, HostError):
        look.ledger.refuse((*reach, *asked.needs), asked.running)
        return None
    try:
        done = asked.running.finish(look.deadline.left(), keep=True)
    except HostError as error:
        look.ledger.refuse((*reach, *asked.needs), error)
        return None
    if not has_begun(asked.marker, done.stdout):
        look.ledger.refuse((*reach, *asked.needs), _explain_no_start(done, look.host.user))
        return None
    return done


def _explain_no_start(done: Completed, user: str) -> HostError:
    """Why no command was run, judging by what the host did instead."""
    no_commands = f"the host runs no commands for {user}"
    if done.late:
        what = f"{no_commands}: its login had not got that far after {done.took_s:.0f} s"
        return HostError(what, hint=f"do the startup files of {user}, or PAM, wait for something there?")
    words = find_first_line(done.stderr) or find_first_line(done.stdout)
    if cause := find_cause(words):
        return HostError(f"{no_commands}: {cause.what}: {words}", hint=cause.hint)
    what = f"{no_commands}: {words or f'exit status {done.exit}, and no output'}"
    return HostError(what, hint=f"do the startup files of {user} exit its shell? try `ssh HOST true` as {user}")


def _note(asked: Asked, done: Completed, ledger: Ledger) -> list[tuple[Probe, tuple[Need, ...]]]:
    """Note the answers, except those that need another question: the probes for it, with the needs of each."""
    printed = len(done.stdout) + len(done.stderr)
    if printed > MOST_OUTPUT:
        ledger.refuse(asked.needs, f"the commands printed {printed} bytes, and {MOST_OUTPUT} are read")
        return []
    further: list[tuple[Probe, tuple[Need, ...]]] = []
    commands = asked.commands
    answers = _spread_times(split_frames(len(commands), asked.marker, done.stdout, done.stderr), done)
    numbers = [_note_ask(ledger, command, frame, done) for command, frame in zip(commands, answers, strict=True)]
    at, hung = 0, next((number for number, answer in enumerate(answers) if answer is None), 0)
    for probe, needs in asked.families:
        end = at + len(probe.commands)
        rest = _ask_again(probe, answers[at:end])
        if rest is not None:
            further.append((rest, needs))
        else:
            parsed = _refuse_partial(_parse(probe, needs, answers[at:end]), answers[at:end], done)
            if done.late and None in answers[at:end]:
                parsed = _refuse_late(parsed, commands[hung], done.took_s, first=at <= hung < end)
            if asked.root:
                parsed = [mark_refused_to_root(answer) for answer in parsed]
            ledger.add(parsed, numbers[at:end])
        at = end
    return further


def _ask_again(probe: Probe, answers: Sequence[Frame | None]) -> Probe | None:
    """None if nothing is open, or if the answers say too little: then they are used as they are."""
    if probe.then is None or None in answers:
        return None
    try:
        return probe.then(answers)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return None


def _spread_times(answers: Sequence[Frame | None], done: Completed) -> list[Frame | None]:
    """Time that the commands did not take was spent before the first or after the last, on the way."""
    known = [frame for frame in answers if frame is not None]
    ran_s = max((frame.after_s + frame.took_s for frame in known), default=0.0)
    end = done.started_at + done.took_s + CLOCK_STEP_S
    return [
        frame
        and replace(
            frame,
            earliest=done.started_at + frame.after_s - CLOCK_STEP_S,
            latest=end - max(ran_s - frame.after_s - frame.took_s, 0),
        )
        for frame in answers
    ]


def _refuse_late(parsed: list[Answer], hung: Command, took_s: float, *, first: bool) -> list[Answer]:
    """The answers of a family that the deadline cut off. `hung`: the command that did not end; `first`: its own."""
    program = hung.argv[0]
    why = f"{program} did not end in {took_s:.0f} s" if first else f"not asked in time: {program} did not end before"
    help_ = f"find out on the host why {program} hangs, then audit again"
    return [
        answer_refused(each.need, why, again=each.again, question=each.question, help_=help_)
        if not each.state.known
        else each
        for each in parsed
    ]


def _parse(probe: Probe, needs: Sequence[Need], answers: Sequence[Frame | None]) -> list[Answer]:
    """What a family makes of its frames. If it meets what it was not made for, it loses its own facts only."""
    missing = [find_missing_tool(frame) if frame is not None else "" for frame in answers]
    if missing and all(missing):
        return [answer_not_installed(need, missing[0], again=probe.commands[0].again) for need in dict.fromkeys(needs)]
    try:
        return _refuse_missing_tools(probe.parse(answers), answers)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        why = f"the answer cannot be read: {type(error).__name__}: {find_first_line(str(error).encode())}"
        return _refuse_missing_tools([answer_unparseable(need, why) for need in dict.fromkeys(needs)], answers)


def _refuse_partial(parsed: list[Answer], answers: Sequence[Frame | None], done: Completed) -> list[Answer]:
    """If nothing more could be started, the output may be incomplete: none of the family's answers is known."""
    said = [frame.stderr if frame is not None else done.stderr for frame in answers]
    if not any(could_not_fork(decode_text(each)) for each in said):
        return parsed
    return [
        answer_refused(each.need, FULL.what, again=each.again, question=each.question, help_=FULL.hint)
        for each in parsed
    ]


def _refuse_missing_tools(parsed: list[Answer], answers: Sequence[Frame | None]) -> list[Answer]:
    """What a tool without the option could not answer is refused for that reason, whatever it printed instead."""
    found = next(
        (option for frame in answers if frame is not None and (option := find_unknown_option(frame.stderr))), None
    )
    if found is None:
        return parsed
    return [answer_not_gnu(each, *found) if not each.state.known else each for each in parsed]


def _note_ask(ledger: Ledger, command: Command, frame: Frame | None, done: Completed) -> int:
    if frame is None:
        return ledger.ask("exec", command.argv, command.again, at=done.started_at, took_s=done.took_s)
    at = done.started_at + min(frame.after_s, done.took_s)
    return ledger.ask("exec", command.argv, command.again, at=at, took_s=frame.took_s, exit_=frame.exit)
