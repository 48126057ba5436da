"""What the caller notes of each change of a host: see docs/trail.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from qtctl.adapters import trail_file
from qtctl.adapters.git import read_commit
from qtctl.adapters.person import find_person
from qtctl.dialects.secrets import masked_message
from qtctl.model.trail import Action, CallerEvent, Commit, clean, describe_origin

NO_FOLDER = Commit(problem="the registry has no folder")


def describe_caller(action: Action, registry: Path | None) -> dict[str, str]:
    """Who does this, and from which commit of the registry in this folder."""
    commit = NO_FOLDER if registry is None else read_commit(registry)
    return {"action": action.value, **describe_origin(find_person(), commit)}


@dataclass
class CallerTrail:
    """The records of one command. `about`: what each of them says; `problems`: why records are missing."""

    about: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def note(self, event: CallerEvent, result: str = "", why: str = "", **more: str | int) -> None:
        record: dict[str, object] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event.value}
        record |= {key: clean(value) for key, value in self.about.items()}
        record |= {"result": result} if result else {}
        record |= {"why": clean(masked_message(why))} if why else {}
        problem = trail_file.append_record(record | more, os.environ)
        if problem and problem not in self.problems:
            self.problems.append(problem)
