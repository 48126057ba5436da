"""paramiko without invoke, which it imports for `Match exec` in its own ssh_config reader, and which we never use.

Half of the time that paramiko takes to import is invoke's (60 of 125 ms). Called before any other import of it.
"""

import sys
from importlib import import_module


def import_it() -> None:
    """Import paramiko; for so long, invoke looks as if it were not installed, which paramiko provides for."""
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        import_module("paramiko")
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]
    try:
        import_module("paramiko")
    finally:
        del sys.modules["invoke"]
