"""What the exit status of a service's process means, in the names of systemd.exec(5)."""

EXITED, KILLED, DUMPED = 1, 2, 3
"""The codes of a child's end (CLD_EXITED, CLD_KILLED, CLD_DUMPED), as ExecMainCode gives them."""

STATUSES = {
    1: "FAILURE", 2: "INVALIDARGUMENT", 3: "NOTIMPLEMENTED", 4: "NOPERMISSION", 5: "NOTINSTALLED",
    6: "NOTCONFIGURED", 7: "NOTRUNNING",
    64: "USAGE", 65: "DATAERR", 66: "NOINPUT", 67: "NOUSER", 68: "NOHOST", 69: "UNAVAILABLE", 70: "SOFTWARE",
    71: "OSERR", 72: "OSFILE", 73: "CANTCREAT", 74: "IOERR", 75: "TEMPFAIL", 76: "PROTOCOL", 77: "NOPERM",
    78: "CONFIG",
    200: "CHDIR", 201: "NICE", 202: "FDS", 203: "EXEC", 204: "MEMORY", 205: "LIMITS", 206: "OOM_ADJUST",
    207: "SIGNAL_MASK", 208: "STDIN", 209: "STDOUT", 210: "CHROOT", 211: "IOPRIO", 212: "TIMERSLACK",
    213: "SECUREBITS", 214: "SETSCHEDULER", 215: "CPUAFFINITY", 216: "GROUP", 217: "USER", 218: "CAPABILITIES",
    219: "CGROUP", 220: "SETSID", 221: "CONFIRM", 222: "STDERR", 224: "PAM", 225: "NETWORK", 226: "NAMESPACE",
    227: "NO_NEW_PRIVILEGES", 228: "SECCOMP", 229: "SELINUX_CONTEXT", 230: "PERSONALITY", 231: "APPARMOR_PROFILE",
    232: "ADDRESS_FAMILIES", 233: "RUNTIME_DIRECTORY", 235: "CHOWN", 236: "SMACK_PROCESS_LABEL", 237: "KEYRING",
    238: "STATE_DIRECTORY", 239: "CACHE_DIRECTORY", 240: "LOGS_DIRECTORY", 241: "CONFIGURATION_DIRECTORY",
    242: "NUMA_POLICY", 243: "CREDENTIALS", 245: "BPF",
}  # fmt: skip

HINTS = {
    200: "WorkingDirectory= is missing or closed to the service's user",
    203: "the program is missing, not executable, or its interpreter is",
    208: "standard input could not be set up",
    209: "standard output could not be set up: the log file or its directory",
    216: "the group does not exist",
    217: "the user does not exist",
    226: "a path of the sandbox is missing (ReadWritePaths=, ReadOnlyPaths=, BindPaths=)",
    243: "a credential file is missing or unreadable",
}
"""What to check first, for statuses that systemd gives before the program runs."""

SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
    9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP", 20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU",
    23: "SIGURG", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO",
    30: "SIGPWR", 31: "SIGSYS",
}  # fmt: skip
"""Linux numbers on x86 and ARM: those of the audited host, not of this machine."""


def describe_ending(code: int, status: int) -> str:
    """How a main process ended: "203 EXEC", "killed by SIGKILL", "" if none ended."""
    if code == EXITED:
        return f"{status} {STATUSES[status]}" if status in STATUSES else str(status)
    if code not in (KILLED, DUMPED):
        return ""
    dumped = ", core dumped" if code == DUMPED else ""
    return f"killed by {SIGNALS.get(status, f'signal {status}')}{dumped}"


RESULTS = {
    "start-limit-hit": "systemd gave up: it was started too often in too short a time",
    "timeout": "it was not ready, or did not end, in time (TimeoutStartSec=, TimeoutStopSec=)",
    "watchdog": "it did not report to the watchdog in time (WatchdogSec=)",
    "oom-kill": "it was killed because memory ran out (MemoryMax=, or the host's)",
    "resources": "systemd could not get what it needs to start it: a file, a folder or a limit",
    "protocol": "it did not do what its Type= promises: no READY=1, no PID file, or it ended too early",
    "exec-condition": "its ExecCondition= was not met",
    "core-dump": "it crashed and dumped core",
    "exit-code": "one of its commands ended with an error",
    "signal": "one of its commands was killed by a signal",
}
"""What Result= of a service says (org.freedesktop.systemd1(5))."""

_OWN = "the program itself ended with this status: its journal says why"


def explain_ending(code: int, status: int, result: str) -> str:
    """Why a service ended: "203/EXEC: the program is missing, …"; systemd's result if no process says it.

    "" if nothing is known to have gone wrong.
    """
    gave_up = f"; {RESULTS[result]}" if result == "start-limit-hit" else ""
    if code == EXITED and status:
        name = f"{status}/{STATUSES[status]}" if status in STATUSES else str(status)
        return f"{name}: {HINTS.get(status, _OWN)}{gave_up}"
    if code in (KILLED, DUMPED):
        more = RESULTS.get(result, "") if result not in ("signal", "core-dump", "start-limit-hit") else ""
        return f"{describe_ending(code, status)}{f': {more}' if more else ''}{gave_up}"
    return RESULTS.get(result, "")


def find_hint(code: int, status: int) -> str:
    return HINTS.get(status, "") if code == EXITED else ""
