"""What all work of an engine needs is made once wherever the work runs, and does not travel with each piece of it."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, Protocol, runtime_checkable

P = ParamSpec("P")


@runtime_checkable
class Sharing(Protocol):
    """An engine whose work runs in other processes."""

    def share(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a module-level function once in each process that work of this engine starts from.

        All work that is submitted later finds what the function left in its module. Raises what the function raises.
        """


def share(engine: Executor, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `fn` where the work of `engine` runs; of an executor that shares this process, that is here."""
    if isinstance(engine, Sharing):
        engine.share(fn, *args, **kwargs)
    else:
        fn(*args, **kwargs)
