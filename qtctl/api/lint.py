"""Check a registry and everything rendered from it, without asking any host."""

from pathlib import Path

from qtctl.adapters.files import read_registry, rewrite
from qtctl.adapters.templates import load_unit_templates
from qtctl.flows.lint import Linted, examine
from qtctl.lint.found import Fixed

__all__ = ["fix", "lint"]


def lint(folder: Path, *, templates: Path | None = None) -> Linted:
    """All errors and all findings of the registry in `folder`, each with file and line. Its errors are not raised.

    `templates`: a folder of unit templates, instead of the shipped ones. InputError if a folder cannot be read, or a
    template cannot be filled.
    """
    return examine(read_registry(folder), load_unit_templates(templates))


def fix(folder: Path, *, templates: Path | None = None) -> tuple[Fixed, ...]:
    """Make every fix that is certain, in place: each file completely or not at all. InputError as for `lint`."""
    from qtctl.flows.fix_registry import fix_registry  # noqa: PLC0415 - lint alone does without tomlkit

    files, texts = read_registry(folder), load_unit_templates(templates)
    now, fixed = fix_registry(files, texts)
    rewrite(folder, {name: content for name, content in now.items() if content != files[name]})
    return fixed
