"""qtctl start: start units on hosts, with what they need, and say how each job ended."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(
    ControlVerb.START, 127, "Start units on hosts, with what they need, and say how each job ended."
)
