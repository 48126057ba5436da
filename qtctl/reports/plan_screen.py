"""A plan on a screen: the steps in their order, each with its reason, then what else to know, then the diffs."""

from collections import Counter
from collections.abc import Iterator

from qtctl.dialects.lines import split_lines
from qtctl.dialects.wording import add_more
from qtctl.model.plan import Note, Plan, Step, StepKind
from qtctl.reports.blocks import Block, Blocks, Code, Paragraph, Section, Title, Tone, Toned, Verbatim

MANY = 30
"""Above this many steps, similar ones are counted."""

ALIKE = 3
ADDED, CHANGED, REMOVED = "+", "~", "-"
TONES = {ADDED: Tone.GOOD, CHANGED: Tone.WARNING, REMOVED: Tone.BAD}
SAID = {ADDED: "to add", CHANGED: "to change", REMOVED: "to remove or stop"}
_MARKS = {
    StepKind.ENABLE: ADDED,
    StepKind.START: ADDED,
    StepKind.STOP: REMOVED,
    StepKind.STOP_CONTAINER: REMOVED,
    StepKind.REMOVE: REMOVED,
    StepKind.DISABLE: REMOVED,
}
"""All others change something. A file is added where there was none."""

DISRUPTIVE = frozenset({StepKind.STOP, StepKind.STOP_CONTAINER, StepKind.RESTART, StepKind.DISABLE})
"""Shown one by one however many there are: they affect what is running."""


def build_screen(plan: Plan, target: str, *, verbose: bool) -> Blocks:
    """The steps, in their order, with reasons; diffs of unit files below. `target`: how the host is named."""
    return tuple(_list_blocks(plan, target, verbose=verbose))


def _list_blocks(plan: Plan, target: str, *, verbose: bool) -> Iterator[Block]:
    everything = verbose or len(plan.steps) <= MANY
    yield Title(f"{target}: {_write_title(plan)}")
    for steps in ([step] for step in plan.steps) if everything else _group_alike(plan):
        yield _write_line(steps)
    yield from (_note(note) for note in plan.notes)
    diffs = [step for step in plan.steps if step.diff]
    if everything:
        for step in diffs:
            yield Section(Code(step.subject), (Verbatim(tuple(split_lines(step.diff)), diff=True),))
        return
    differing = f", and how {len(diffs)} {'files differ' if diffs[1:] else 'file differs'}" if diffs else ""
    yield Paragraph(f"--verbose shows every step{differing}.")


def mark(step: Step) -> str:
    """`+` for what is added, `-` for what stops or is removed, `~` for what is changed."""
    if step.kind in (StepKind.WRITE, StepKind.LINK, StepKind.FOLDER):
        return ADDED if step.seen == "absent" else CHANGED
    return _MARKS.get(step.kind, CHANGED)


def _write_line(steps: list[Step]) -> Paragraph:
    first = steps[0]
    sign = mark(first)
    more = add_more(len(steps) - 1)
    why = f": {first.reason}" if first.reason else ""
    return Paragraph(
        (Toned(f"{sign} {first.kind.value}", TONES[sign]), " ", Code(first.subject), f"{more}{why}"), hang=4
    )


def _note(note: Note) -> Paragraph:
    return Paragraph((Toned("note", Tone.NOTE), " ", Code(note.subject), f": {note.text}"), hang=4)


def _group_alike(plan: Plan) -> Iterator[list[Step]]:
    groups: dict[tuple[str, str, str], list[Step]] = {}
    for step in plan.steps:
        groups.setdefault((mark(step), step.kind, step.reason), []).append(step)
    for steps in groups.values():
        if len(steps) <= ALIKE or steps[0].kind in DISRUPTIVE:
            yield from ([step] for step in steps)
        else:
            yield steps


def _write_title(plan: Plan) -> str:
    """8 changes: 5 to add, 2 to change, 1 to remove or stop."""
    if not plan.steps:
        return "nothing to change"
    counts = Counter(map(mark, plan.steps))
    parts = ", ".join(f"{counts[sign]} {what}" for sign, what in SAID.items() if counts[sign])
    return f"{len(plan.steps)} change{'s' * (len(plan.steps) != 1)}: {parts}"
