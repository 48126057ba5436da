"""qtctl stop: stop units on hosts. What stops along with them is named before anything happens."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(
    ControlVerb.STOP, 127, "Stop units on hosts. What stops along with them is named before anything happens."
)
