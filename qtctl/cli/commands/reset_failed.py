"""qtctl reset-failed: forget that units have failed, and how often they were started."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(
    ControlVerb.RESET_FAILED, 129, "Forget that units have failed, and how often they were started."
)
