"""Everything in docs/ that is generated. `python -m tests.docs.generate` writes it; a test compares."""

from functools import cache
from pathlib import Path

from qtctl.flows.schemas import format_schema, make_document_schemas, make_registry_schemas
from qtctl.rules.explain import write_catalogue
from tests.docs.api import with_reference
from tests.docs.change_classes import change_classes_markdown
from tests.docs.cli import cli_markdown
from tests.docs.completion import write_completions
from tests.docs.keys import KEYS, with_tables
from tests.docs.lists import list_schemas
from tests.docs.man import man_page
from tests.docs.pictures import draw_terminal
from tests.docs.ssh import ssh_markdown
from tests.matrix.results import matrix_markdown, read_results

DOCS = Path(__file__).parent.parent.parent / "docs"


@cache
def generated() -> dict[str, str]:
    """Path below docs/ → content."""
    documents, tables = make_document_schemas(), make_registry_schemas(KEYS)
    schemas = {f"schemas/{name}.json": format_schema(schema) for name, schema in documents.items()}
    files = {f"schemas/registry/{name}.json": format_schema(schema) for name, schema in tables.items()}
    return {
        "api.md": with_reference((DOCS / "api.md").read_text()),
        "change-classes.md": change_classes_markdown(),
        "cli.md": cli_markdown(),
        "images/audit.svg": draw_terminal(),
        "findings.md": write_catalogue(),
        "matrix.md": matrix_markdown(read_results()),
        "ssh.md": ssh_markdown(),
        "qtctl.1": man_page(),
        **write_completions(),
        "registry.md": with_tables((DOCS / "registry.md").read_text()),
        "schemas/README.md": list_schemas([*documents], [*tables]),
        **schemas,
        **files,
    }


def main() -> None:
    for name, text in generated().items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
