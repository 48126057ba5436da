"""Ask one host before everything else is loaded (see `engines.early_connection`)."""

from importlib import import_module
from typing import TYPE_CHECKING

from qtctl.dialects.endpoints import LOCAL
from qtctl.engines.early_worker import fork_worker
from qtctl.flows.target import Target

if TYPE_CHECKING:
    from qtctl.engines.early_connection import EarlyConnection
    from qtctl.flows.asking import Asking
    from qtctl.flows.reaching import Reaching, Role

_SHARED = ("qtctl.model.facts", "qtctl.model.inquiry")
"""What both processes need, loaded once: 25 ms of CPU."""

_SHARED_TO_CONTROL = ("qtctl.model.control",)


def start(target: Target) -> "Asking":
    """An engine that has started; nothing is checked or asked until the first call. Make it before starting threads."""
    engine = _start_engine(target)
    from qtctl.flows.asking import Asking  # noqa: PLC0415 - the child has begun to load meanwhile

    return Asking(target, engine)


def start_reaching(target: Target, role: "Role") -> "Reaching":
    """The same for a command that asks a host several things."""
    engine = _start_engine(target, *(_SHARED_TO_CONTROL if role == "deploy" else ()))
    from qtctl.flows.reaching import Reaching  # noqa: PLC0415 - as above

    return Reaching(target, role, engine)


def _start_engine(target: Target, *shared: str) -> "EarlyConnection":
    for name in (*_SHARED, *shared):
        import_module(name)
    child = fork_worker(remote=target.host != LOCAL)
    from qtctl.engines.early_connection import EarlyConnection  # noqa: PLC0415 - as above

    return EarlyConnection(child)
