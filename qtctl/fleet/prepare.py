"""What hosts that are alike must have, what is asked of them and what is expected: worked out once for all of them."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from qtctl.audit.judge import Expected, adapt_expectations, list_expectations
from qtctl.fleet.basis import Basis, find_basis
from qtctl.flows.declare import render_files, resolve_host
from qtctl.flows.declared import Declared
from qtctl.flows.questions import find_questions
from qtctl.meaning.systemd_needed import find_systemd_needed
from qtctl.resolve.alike import adapt
from qtctl.rules.loaded_units import list_loaded_units

_MOST = 4
"""Hosts, each with all that are like it, for which the work is kept. Each takes some 10 MB."""
_MOST_TEXT = 2_000_000
"""Bytes of registry in which every line is located before a worker needs one."""
_prepared: "OrderedDict[tuple[str, str], Prepared]" = OrderedDict()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one host must have, rendered and with its questions, and everything that should hold there."""

    declared: Declared
    expected: Expected


def prepare(digest: str, host: str) -> None:
    """Work out and keep what this host and all that are like it need. InputErrors if a file cannot be rendered.

    `digest`: of a basis that was provided. An engine makes this call where its work starts from (`engines.sharing`).
    """
    if (digest, host) not in _prepared:
        basis = find_basis(digest)
        if sum(map(len, basis.files.values())) <= _MOST_TEXT:
            for file in basis.files:
                basis.places.map_lines(file)
        _prepared[digest, host] = _work_out(basis, host)
        while len(_prepared) > _MOST:
            _prepared.popitem(last=False)


def find_prepared(digest: str, host: str, like: str) -> Prepared:
    """For `host`, which is like the host `like`: from what was prepared for that one, or worked out now."""
    basis = find_basis(digest)
    known = _prepared.get((digest, like))
    if known is None:
        return _work_out(basis, host)
    if like == host:
        return known
    desired = adapt(known.declared.desired, basis.registry, host)
    return Prepared(replace(known.declared, desired=desired), adapt_expectations(known.expected, desired))


def _work_out(basis: Basis, host: str) -> Prepared:
    loaded = render_files(resolve_host(basis.registry, basis.files, host), basis.templates)
    desired = loaded.desired
    desired = replace(desired, loaded=list_loaded_units(desired), needs_systemd=find_systemd_needed(desired))
    expected = list_expectations(desired)
    desired = replace(desired, questions=find_questions(desired))
    return Prepared(Declared(basis.files, desired, basis.places), expected)
