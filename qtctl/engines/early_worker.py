"""The process of an early connection. It is forked first, so this module imports only what forking needs."""

import threading
from importlib import import_module

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.engines.child_process import ChildProcess, Receive, Send, fork


def fork_worker(*, remote: bool) -> ChildProcess:
    """Fork a process that runs the work it receives, one piece after the other. Call it before starting threads.

    `remote`: it loads the SSH libraries while it waits.
    """
    return fork(lambda receive, send: _serve(receive, send, remote=remote))


def _serve(receive: Receive, send: Send, *, remote: bool) -> None:
    routed = threading.Event()
    if remote:
        BackgroundThread(lambda: _load_until(routed))
    from qtctl.engines.work import Announced, serve
    from qtctl.engines.worker import connect_early, limit_memory

    def connect(given: Announced) -> None:
        routed.set()
        connect_early(given)

    limit_memory()
    serve(receive, send, connect)


def _load_until(routed: threading.Event) -> None:
    """Load paramiko, then the other modules until a route arrives: from then on, connecting comes first."""
    from qtctl.engines.worker import COLLECTING

    import_module("qtctl.adapters.ssh").load()
    for name in COLLECTING:
        if routed.is_set():
            return
        import_module(name)
