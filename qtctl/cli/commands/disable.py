"""qtctl disable: disable units, so that they do not start at boot."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(ControlVerb.DISABLE, 129, "Disable units, so that they do not start at boot.")
