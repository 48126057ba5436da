"""qtctl restart: restart units on hosts. What restarts along with them is named before anything happens."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(
    ControlVerb.RESTART, 128, "Restart units on hosts. What restarts along with them is named before anything happens."
)
