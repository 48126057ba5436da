"""qtctl reload: make units read their configuration again, where they can."""

from qtctl.cli.controlling import make_control_command
from qtctl.model.control import ControlVerb

COMMAND = make_control_command(ControlVerb.RELOAD, 128, "Make units read their configuration again, where they can.")
