"""Adoption of compose projects: one registry for all of them, proved like any other before it is handed out."""

from collections.abc import Sequence

from qtctl.adopt.adoption import Adoption
from qtctl.adopt.compose import Adopting
from qtctl.adopt.compose_secrets import list_project_secrets
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.registry import write_text
from qtctl.dialects.compose.load import Project
from qtctl.flows.adopt import Adopted, Into, add_schemas, declare_rendered


def adopt_compose(projects: Sequence[Project], into: Into) -> Adopted:
    """Projects as Compose loads them. InputErrors if the resulting registry could not be used."""
    adopting = Adopting(into.fleet, Ledger(), into.host.systemd)
    adopting.ledger.keep(frozenset(secret for project in projects for secret in list_project_secrets(project)))
    for project in projects:
        adopting.take(project)
    written = {path: write_text(document) for path, document in sorted(adopting.make_documents(into.host).items())}
    declare_rendered(written, into)
    files, judgments = adopting.ledger.seal()
    made = add_schemas(written, into.schemas)
    source = ", ".join(project.file for project in projects)
    adoption = Adoption(source, tuple(adopting.units), files, judgments, (), tuple(sorted(made)))
    return Adopted(made, adoption)
