"""Instances of a template unit of any kind."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from qtctl.model.expect import Expect
from qtctl.model.fields import Node, Switch

Instance = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9:_.\\-]+$", max_length=200),
    Expect('what follows the @ of a unit name: letters, digits and : _ . \\ -, such as "2"'),
]


class OwnState(Node):
    """The values in which an instance of a template other than a service differs from the template."""

    state: Literal["active", "stopped", "on-demand"] | None = None
    enabled: Switch | None = None
