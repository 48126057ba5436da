"""The process of an early connection: forked first of all, so everything it does not need itself is loaded after it."""

import threading
from importlib import import_module

from qtctl.engines.background_thread import BackgroundThread
from qtctl.engines.child_process import ChildProcess, Receive, Send, fork


def fork_worker(*, remote: bool) -> ChildProcess:
    """It serves the work that it is sent, one piece after the other. `remote`: it loads what SSH needs meanwhile.

    To be called before threads are started.
    """
    return fork(lambda receive, send: _run(receive, send, remote=remote))


def _run(receive: Receive, send: Send, *, remote: bool) -> None:
    routed = threading.Event()
    if remote:
        BackgroundThread(lambda: _load_until(routed))
    from qtctl.engines.work import serve
    from qtctl.engines.worker import connect_early, hold_memory
    from qtctl.model.route import Route

    def connect(route: Route) -> None:
        routed.set()
        connect_early(route)

    hold_memory()
    serve(receive, send, connect)


def _load_until(routed: threading.Event) -> None:
    """Load paramiko, then the rest, for as long as there is no route: after that, connecting comes first."""
    from qtctl.engines.worker import COLLECTING

    import_module("qtctl.adapters.ssh").load()
    for name in COLLECTING:
        if routed.is_set():
            return
        import_module(name)
