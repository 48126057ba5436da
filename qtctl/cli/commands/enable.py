"""qtctl enable: enable units, so that they start at boot."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(ControlVerb.ENABLE, 129, "Enable units, so that they start at boot.")
