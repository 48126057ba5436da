"""Where a service without a PATH of its own finds programs (PATH in systemd.exec(5), Debian's build)."""

FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""In the order in which they are searched."""
