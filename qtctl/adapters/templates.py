"""The unit templates: those that ship, or a user's own folder, which is filled in a separate process."""

from collections.abc import Mapping
from pathlib import Path

from qtctl.adapters.files import read_templates


def load_unit_templates(folder: Path | None) -> Mapping[str, str]:
    """By file name, as `render` takes them. InputError if the folder or a file in it cannot be read."""
    if folder is None:
        return read_templates(None)
    from qtctl.adapters.template_process import fill  # noqa: PLC0415 - only for a user's own
    from qtctl.render.filling import OwnTemplates  # noqa: PLC0415

    return OwnTemplates(read_templates(folder), fill)
