"""An error in a registry that can be read."""

from dataclasses import dataclass

from qtctl.model.origin import Origin


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where it stands, what to do. `id` is the finding's, "" if no finding has this fault.

    `name` is what leads nowhere, where that is the fault. `also`: the other place, of two that contradict each other.
    """

    what: str
    origin: Origin
    hint: str
    id: str = ""
    name: str = ""
    also: Origin | None = None
