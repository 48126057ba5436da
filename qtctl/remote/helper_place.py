"""Where the helper of a prepared host is, and what is beside it.

Not below /usr/local, which Debian gives to the group staff, and not below /var, which is often mounted noexec.
"""

HELPER = "/opt/qtctl/libexec/qtctl-helper"
CONFIG = "/etc/qtctl/helper.d"
"""What the fleets of the host may have, a file each."""
