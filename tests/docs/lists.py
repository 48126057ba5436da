"""The page of docs/schemas, and that of docs/decisions for the site: a link to everything in their folders."""

from pathlib import Path

from qtctl.flows.schemas import PRINTED_BY

DOCS = Path(__file__).parent.parent.parent / "docs"
ALSO_PRINTED_BY = {
    "backup": "qtctl backup show FILE --format json",
    "backups": "qtctl backup list --format json",
    "drift": "qtctl adopt drift --format json",
    "fleet-plan": "qtctl plan --host A,B --format json",
    "generation": "qtctl generations show N --format json",
    "generations": "qtctl generations --format json",
    "preparation": "qtctl host prepare --format json",
    "rollout": "qtctl deploy --host A,B --format json",
    "secrets": "qtctl secrets status --format json",
    "verify": "qtctl verify --format json",
}
DECISIONS_HEAD = """\
# Decisions

Why qtctl is as it is: one page for each decision, with what was rejected. Numbers that are missing were never given.

"""
SCHEMAS_HEAD = """\
# Schemas

JSON Schemas of everything that qtctl writes for machines, and of every file of a registry. `qtctl schema NAME` prints
the one of the installed version.

| document | written by |
|---|---|
"""
REGISTRY_HEAD = """
## Files of a registry

Editors complete and check a file whose first line names its schema: `#:schema PATH`.

"""


def list_decisions() -> str:
    return DECISIONS_HEAD + "".join(f"- [{_find_title(page)}]({page.name})\n" for page in find_decisions())


def find_decisions() -> list[Path]:
    return sorted((DOCS / "decisions").glob("[0-9]*.md"))


def list_schemas(documents: list[str], files: list[str]) -> str:
    """Of the names of the schemas, without `.json`."""
    printed = {**PRINTED_BY, **ALSO_PRINTED_BY}
    rows = "".join(f"| [{name}]({name}.json) | `{printed[name]}` |\n" for name in sorted(documents))
    tables = "".join(f"- [{name}](registry/{name}.json)\n" for name in sorted(files))
    return SCHEMAS_HEAD + rows + REGISTRY_HEAD + tables


def _find_title(page: Path) -> str:
    number, _, title = page.read_text().partition("\n")[0].removeprefix("# ").partition(" ")
    return f"{number.rstrip('.:')}. {title}"
