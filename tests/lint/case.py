"""Registries with one thing wrong, and what lint says of it: id, severity, file:line, subject, words of the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from qtctl.flows.lint import Linted, lint
from tests.builders.registry import SMALL

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = {path.name: path.read_text() for path in (ROOT / "unit_templates").glob("*.j2")}

JOB = """\
summary = "Job"
state = "on-timer"
type = "oneshot"

[run]
kind = "command"
argv = ["/usr/bin/job"]
"""
TIMER = """\
[job]
summary = "Hourly"
service = "job"
on_calendar = ["hourly"]
"""
RESTART = 'restart = { restart = "always", restart_sec = "5s", start_limit_interval = "Ns", start_limit_burst = 10 }'
LINE = f"service.j2:{TEMPLATES['service.j2'].splitlines().index('[Service]') + 2}"
"""Where lines of the user's own stand."""
API, FEED, FLEET = "services/api.toml", "services/feed.toml", "fleet.toml"


@dataclass(frozen=True)
class Case:
    """`found` empty: it holds. `edits`: file → (old, new); `files`: whole texts; `template`: as edits."""

    name: str
    found: tuple[tuple[str, str, str, str, str], ...] = ()
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, bytes]:
        texts = {**SMALL, **self.files}
        for path, (old, new) in self.edits.items():
            assert old in texts[path], (self.name, old)
            texts[path] = texts[path].replace(old, new, 1)
        return {path: text.encode() for path, text in texts.items()}

    @property
    def templates(self) -> dict[str, str]:
        texts = dict(TEMPLATES)
        for path, (old, new) in self.template.items():
            assert old in texts[path], (self.name, old)
            texts[path] = texts[path].replace(old, new, 1)
        return texts

    @cached_property
    def linted(self) -> Linted:
        """What lint makes of it: several tests look at it."""
        return lint(self.texts, self.templates)


def after(text: str, *lines: str) -> tuple[str, str]:
    """An edit that adds lines after `text`."""
    return text, "\n".join((text.rstrip("\n"), *lines, ""))


def env(**values: str) -> tuple[str, str]:
    return after('venv = "main"\n', "", "[env]", *(f"{key} = {value!r}" for key, value in values.items()))


def service(*lines: str) -> dict[str, tuple[str, str]]:
    """Lines of the user's own in [Service] of service.j2."""
    return {"service.j2": after("[Service]\n", *lines)}


E, W, I = "error", "warning", "info"  # noqa: E741
JOBS = {"services/job.toml": JOB, "timers.toml": TIMER}
