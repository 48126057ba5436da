"""Ask one host before everything else is loaded (see `engines.early_connection`)."""

from qtctl.dialects.endpoints import LOCAL
from qtctl.engines.early_connection import EarlyConnection
from qtctl.flows.asking import Asking
from qtctl.flows.target import Target


def start(target: Target) -> Asking:
    """An engine that has started; nothing is checked or asked until the first call. Make it before starting threads."""
    return Asking(target, EarlyConnection(remote=target.host != LOCAL))
