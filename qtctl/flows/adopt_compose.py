"""Adoption of compose files: one registry of all of them, proved as any other before it is handed out."""

from collections.abc import Mapping

from qtctl.adopt.adoption import Adoption
from qtctl.adopt.compose import Adopting
from qtctl.adopt.compose_secrets import secrets_of
from qtctl.adopt.ledger import Book
from qtctl.adopt.registry import text
from qtctl.dialects.compose.environment import environments
from qtctl.dialects.compose.load import load
from qtctl.flows.adopt import Adopted, Into, usable, with_schemas


def adopt_compose(texts: Mapping[str, str], into: Into) -> Adopted:
    """`texts` by file name. InputErrors with every error of a file."""
    adopting = Adopting(into.fleet, Book())
    read = [(load(content, file), environments(content, file)) for file, content in texts.items()]
    each = [(service, found.get(service.name, {})) for compose, found in read for service in compose.services]
    adopting.book.keep(frozenset(secret for those in each for secret in secrets_of(*those)))
    for compose, found in read:
        adopting.take(compose, found)
    written = {path: text(document) for path, document in sorted(adopting.documents(into.host).items())}
    usable(written, into)
    files, judgments = adopting.book.sealed()
    made = with_schemas(written, into.schemas)
    adoption = Adoption(", ".join(texts), tuple(adopting.units), files, judgments, (), tuple(sorted(made)))
    return Adopted(made, adoption)
