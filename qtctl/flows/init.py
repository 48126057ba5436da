"""Answers → the files of a new registry, complete before anything is written."""

from collections.abc import Mapping

from qtctl.flows.declare import declare
from qtctl.flows.schemas import Meanings, make_registry_schemas
from qtctl.scaffold.scaffold import Answers, make_scaffold


def make_registry(answers: Answers, meant: Meanings, templates: Mapping[str, str]) -> dict[str, bytes]:
    """Path → content. InputErrors if an answer leads to a registry that does not load or render."""
    files = make_scaffold(answers, make_registry_schemas(meant))
    declare({path: text for path, text in files.items() if path.endswith(".toml")}, templates, answers.host, None)
    return files
