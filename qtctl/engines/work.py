"""Send function calls to another process, and receive their results."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from qtctl.engines.child_process import ChildProcess, Receive, Send, make_portable
from qtctl.engines.events import send_events_to
from qtctl.interfaces.progress import Progress
from qtctl.model.events import Event
from qtctl.model.route import Route


class Work(NamedTuple):
    function: Callable[..., object]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]


class Purpose(Enum):
    """What a connection is for: it says which channels are opened first."""

    AUDIT = "audit"
    LOOK = "look"
    """At units alone."""
    CONTROL = "control"
    """As an account that is about to become root."""


class Announced(NamedTuple):
    """A host that the next piece of work is about."""

    route: Route
    purpose: Purpose = Purpose.AUDIT


class Returned(NamedTuple):
    value: object


class Raised(NamedTuple):
    error: BaseException


def serve(receive: Receive, send: Send, announced: Callable[[Announced], None]) -> None:
    """Run the work received, one piece after the other: send its events, then `Returned` or `Raised`."""
    with send_events_to(send):
        while True:
            given = receive()
            if isinstance(given, Announced):
                announced(given)
            else:
                send(run(given))


def await_result(child: ChildProcess, progress: Progress, longest_s: float) -> Any:  # noqa: ANN401 - whatever the work returns
    """Wait for the work that was sent to `child`. Raises what it raised, TimeoutError or WorkerEnded."""
    with child.within(longest_s):
        while isinstance(given := child.receive(), Event):
            progress(given)
    if isinstance(given, Raised):
        raise given.error
    return given.value


def run(work: Work) -> Returned | Raised:
    """Call the function, and keep what it returns or raises."""
    try:
        return Returned(work.function(*work.args, **work.kwargs))
    except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
        return Raised(make_portable(error))
