"""What to do if a fact could not be obtained."""

INSTALL_GETENT = "install getent on the host, then audit again"
LET_READ = "let the auditing account read it, or run the command as one that may"
SEE_BUS = "systemctl status dbus.socket dbus.service on the host, then audit again"
ASK_REDIS = "let the auditing account run INFO, TYPE, TTL, XINFO, XPENDING and TIME on Redis, then audit again"
SCAN_REDIS = "let the auditing account run SCAN on Redis, then audit again"
REACH_REDIS = "let the auditing account reach Redis: its password by name in stores.toml, AllowTcpForwarding in sshd"
REACH_HEALTH = "let the auditing account open forwarded connections to it: AllowTcpForwarding and PermitOpen in sshd"
