"""What to do about a finding: commands, exactly as they are typed, and what only a person can do."""

from dataclasses import dataclass

from qtctl.dialects.shell import join

Command = tuple[str, ...]
"""Words. `qtctl …` is run where the audit was, everything else on the host, as root."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Steps in their order: a command, or a sentence."""

    steps: tuple[Command | str, ...]

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(step for step in self.steps if not isinstance(step, str))

    def __str__(self) -> str:
        texts = [step if isinstance(step, str) else join(step) for step in self.steps]
        return "".join(f"{text}{_cut_before_next(text)}" for text in texts[:-1]) + "".join(texts[-1:])


def _cut_before_next(text: str) -> str:
    return " " if text.endswith((",", ":", " then")) else "; "


def make_steps(*each: Command | str) -> Remedy:
    """Leaves out empty steps."""
    return Remedy(tuple(step for step in each if step))


def list_commands(remedy: Remedy | str) -> tuple[Command, ...]:
    """None if a remedy is only a text."""
    return () if isinstance(remedy, str) else remedy.commands
