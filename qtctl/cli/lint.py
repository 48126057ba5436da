"""qtctl lint: does the registry hold together."""

import json

from qtctl.cli.options import FormatOption, RegistryOption, registry_folder
from qtctl.cli.output import Format, chosen, console, table, write
from qtctl.errors import InputErrors


def lint(registry: RegistryOption = None, format_: FormatOption = None) -> None:
    """Check the registry offline and count what it declares. Every error is shown at once, with file and line."""
    from qtctl.adapters.files import read_registry
    from qtctl.flows.lint import counts
    from qtctl.flows.lint import lint as check

    folder = registry_folder(registry)
    how = chosen(format_)
    try:
        found = counts(check(read_registry(folder)))
    except InputErrors as errors:
        if how is Format.JSON:
            write(_errors_json(errors))
        raise
    if how is Format.JSON:
        write(json.dumps({"schema_version": 1, "registry": str(folder), "errors": [], "counts": found}, indent=2))
    elif how is Format.MD:
        write(f"# Registry {folder}: no error\n\n" + "\n".join(f"- {what}: {number}" for what, number in found.items()))
    else:
        _show(str(folder), found)


def _errors_json(errors: InputErrors) -> str:
    rows = [
        {
            "file": each.place.file if each.place else None,
            "line": each.place.line if each.place else None,
            "what": each.what,
            "hint": each.hint,
        }
        for each in errors.errors
    ]
    return json.dumps({"schema_version": 1, "errors": rows, "counts": None}, indent=2)


def _show(folder: str, found: dict[str, int]) -> None:
    shown = table("declared", "count", title=f"Registry {folder}: no error")
    shown.columns[1].justify = "right"
    for what, number in found.items():
        shown.add_row(what, str(number))
    console().print(shown)
