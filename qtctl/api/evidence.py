"""Collect evidence of one host: from the host itself, or from a file."""

from concurrent.futures import Executor
from pathlib import Path

from qtctl.adapters.files import read_text
from qtctl.collect.document import dump, load
from qtctl.engines.inline import Inline
from qtctl.engines.worker import answer, await_evidence
from qtctl.flows.declared import Declared
from qtctl.flows.earlier import check_host
from qtctl.flows.questions import make_inquiry as audit_inquiry
from qtctl.model.evidence import Evidence
from qtctl.model.inquiry import Inquiry

__all__ = ["collect", "format_evidence", "make_inquiry", "read"]


def make_inquiry(declared: Declared, target: str, *, user: str | None = None, become: bool = False) -> Inquiry:
    """All that an audit, a registry report or a parity report asks of `target`, with the route there.

    `user`: the account to log in as, instead of the audit account. `become`: read what only root can see, through `sudo
    -n`. InputError if a store's password is not set.
    """
    return audit_inquiry(declared.desired, target, user, become=become)


def collect(asked: Inquiry, engine: Executor | None = None) -> Evidence:
    """Ask the host; nothing is written there. If the host cannot be reached, every answer is a refusal.

    `engine`: where to ask from; None for this process.
    """
    return await_evidence((engine or Inline()).submit(answer, asked), asked)


def read(path: Path, declared: Declared) -> Evidence:
    """Read saved evidence. InputError if it is not from the host of `declared`."""
    return check_host(load(read_text(path), str(path)), declared, str(path))


def format_evidence(evidence: Evidence) -> str:
    """Evidence as JSON, as it is saved: the same bytes for the same evidence."""
    return dump(evidence)
