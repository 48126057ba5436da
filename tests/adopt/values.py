"""Values of directives, sound and not, for a real systemd and our own judgment to agree on."""

from collections.abc import Mapping, Sequence

_BOOLEANS = (
    "yes", "no", "1", "0", "true", "false", "on", "off", "y", "n", "t", "f", "YES", "True", "oN", "perhaps", "2", "ye",
    "yes # x", "yes no", '"yes"', "-1", "10", "",
)  # fmt: skip
_SPANS = (
    "5", "5s", "5min", "1.5h", "1h 30min", "infinity", "5 s", "5 fortnights", "-5", "1e3", "5,5", "0", "00", ".5s",
    "1.s", "5 # s", "1us", "1\u00b5s", "1y", "1M", "2months", "1.2.3", "5min30", "1d2h", "1h30min5", "1 2", "1.5",
    "0.0000001", "infinity 5", "INFINITY", "1S", "1msec", "+5", "5  min   1 s", "1w", "18446744073709551614us",
    "600000y", "1.5.5s", "s", "", "5 +5", "+.5", "9223372036854775808us", "99999999999999999999",
)  # fmt: skip
_SIZES = (
    "1G", "1.5G", "1024", "1K", "1k", "1KB", "1 G", "1G 512M", "512M 1G", "infinity", "Infinity", "-1", "0", "1e9",
    "0x10", "1T", "15E", "16E", "18446744073709551615", "18446744073709551614", "1G#", "1G # all", "1.G", ".5G", "1B",
    "+1G", "1G1M", "1.5.5G", "lots", "1,5G", "4096 ", "1Gi", "1.0000001K", "", "1G +1M", "+1.5G",
)  # fmt: skip
_SHARES = (
    "50%",
    "12.5%",
    "12.55%",
    "12.555%",
    "100%",
    "101%",
    "0%",
    "0.01%",
    "50 %",
    "-5%",
    "%",
    "50%%",
    "125\u2030",
    "0x10%",
    "010%",
    "08%",
    "+5%",
    "1.5\u2030",
    "1.55\u2030",
    "5\u2031",
    "5.5\u2031",
    "00%",
)
_NUMBERS = (
    "5", "+5", "05", "0x10", "0b11", "0o17", "-1", "5 5", "4294967295", "4294967296", "5.5", "5 # x", "0X1f", "010",
    "08", "", "five", "0x", "1_000", "0B1", "0O7",
)  # fmt: skip
_UNITS = (
    "a.service", "a.service b.target", "not_a_unit", "a.service not_a_unit b.target", "also/not.service c.service",
    "a@.service", "a@b.service", "d.service # why", "#.service", "a.servic", "x y.service z.target", "%n",
    "e%%.service", '"f.service" g.service', "h\\x2di.service", "-.mount", ".service", "@x.service", "\u00fc.service",
    "b.scope", "a.service,b.service", "", 'a.service "b.service', "a.service %%.service", "%n.service a.service",
)  # fmt: skip
_ONE_UNIT = tuple(value for value in _UNITS if value != "%n")
_RESTARTS = ("no", "always", "on-failure", "on-success", "on-abnormal", "on-abort", "on-watchdog", "never", "No",
             "always # x", "on_failure", "yes", "")  # fmt: skip
_QUOTAS = ("50%", "150%", "12.5%", "12.55%", "12.555%", "50", "0%", "1%", "-5%", "50 %", "1e2%", "100000%",
           "50% # half", "\u2030", "5\u2030", "", "0x10%", "00%", "0.01%")  # fmt: skip
_LIMITS = (
    "1024", "1K:2K", "infinity", "512:infinity", "infinity:512", "1:2:3", ":", "1:", "+5", "0x10", "08", "-1", "1k",
    "1G", "5 : 6", "2:1", "1s", "1min", "1s:2min", "Infinity", "1.5G", "10%", "", "18446744073709551615",
)  # fmt: skip
_CALENDARS = (
    "daily", "Mon..Fri *-*-* 08:00:00", "*:0/15", "whenever", "2026-02-30", "Mon,Tue", "*-*-~01", "25:00", "hourly UTC",
    "daily # once", "*-*-* *:*:*.5", "1..5:00", "Sun..Mon", "minutely/5", "@1700000000", "8:00", "08:00 Europe/Oslo",
)  # fmt: skip

_PATHS = ("/a", "a", "/a/../b", "/a b", "-/a", "~", "%t/x", "", ".", "/", "//a//b/", "%%a", '"/a"')
_WEIGHTS = ("1", "10000", "10001", "0", "-1", "idle", "+5", "0x10", "010", "5.5", "infinity", "", "5 6", "100%")
_SMALL = (
    "0", "19", "20", "-20", "-21", "+3", "-0x5", "010", "5.0", "7", "8", "3", "4", "127", "128", "1000", "1001",
    "-1000", "-1001", "five", "", "- 5", "0b11",
)  # fmt: skip
_CHOICES = (
    "full", "strict", "somewhat", "read-only", "tmpfs", "FULL", "yes", "no", "0", "1", "restart", "mixed", "process",
    "control-group", "none", "all", "main", "exec", "stop", "kill", "continue", "pid", "invisible", "default",
    "noaccess", "private", "shared", "inherit", "auto", "closed", "inactive", "inactive-or-failed", "reboot",
    "reboot-force", "poweroff-immediate", "exit", "fail", "replace", "isolate", "flush", "terminate", "abort", "init",
    "user", "cgroup", "avoid", "omit", "bogus", "full # x", "", "idle", "rr", "fifo", "realtime", "best-effort", "2",
    "7", "8", "debug", "err", "warn", "warning", "info", "daemon", "local7", "local8", "kern", "bind", "local",
    "interleave",
)  # fmt: skip
_SIGNAL_NAMES = (
    "SIGTERM", "TERM", "sigterm", "9", "0", "64", "65", "RTMIN", "RTMIN+3", "SIGRTMIN+30", "RTMIN+31", "RTMAX-1",
    "SIGFOO", "", "+9", "IO", "POLL", "CLD", "STKFLT", "SIG9", "09", "RTMAX-31", "RTMIN+0",
)  # fmt: skip
_MODES = (
    "022",
    "0077",
    "7",
    "7777",
    "10000",
    "00022",
    "888",
    "0o22",
    "0x12",
    "u=rw",
    "-1",
    "+7",
    "",
    "22 22",
)

_OF: Sequence[tuple[str, str, Sequence[str]]] = (
    ("Service", "RemainAfterExit PrivateTmp NoNewPrivileges SendSIGHUP IPAccounting ProtectClock", _BOOLEANS),
    ("Service", "RestartSec TimeoutStartSec TimeoutCleanSec LogRateLimitIntervalSec", _SPANS),
    ("Service", "MemoryMax MemoryHigh MemoryLow MemoryMin MemorySwapMax", (*_SIZES, *_SHARES)),
    ("Service", "FileDescriptorStoreMax LogRateLimitBurst", _NUMBERS),
    ("Service", "LimitNOFILE LimitNPROC LimitCORE LimitMEMLOCK LimitCPU LimitRTTIME LimitRTPRIO LimitAS", _LIMITS),
    ("Service", "Slice", _ONE_UNIT),
    ("Service", "TTYPath NetworkNamespacePath", _PATHS),
    ("Unit", "SourcePath", _PATHS),
    ("Service", "TasksMax", (*_SHARES, *_NUMBERS, "infinity", "Infinity", "18446744073709551615", "1K")),
    ("Service", "TimerSlackNSec", (*_SPANS, "5ns", "5nsec", "1.5ns", "5 ns", "1us 5ns")),
    ("Service", "CPUWeight StartupCPUWeight IOWeight StartupIOWeight", _WEIGHTS),
    ("Service", "Nice OOMScoreAdjust IOSchedulingPriority", _SMALL),
    (
        "Service",
        "SyslogLevel LogLevelMax SyslogFacility IOSchedulingClass CPUSchedulingPolicy NUMAPolicy",
        (*_CHOICES, *_SMALL),
    ),
    (
        "Service",
        "ProtectSystem ProtectHome RuntimeDirectoryPreserve KillMode NotifyAccess OOMPolicy ProcSubset ProtectProc",
        _CHOICES,
    ),
    ("Service", "KeyringMode DevicePolicy UtmpMode ExitType ManagedOOMPreference ManagedOOMSwap", _CHOICES),
    ("Service", "TimeoutStartFailureMode TimeoutStopFailureMode", _CHOICES),
    ("Service", "KillSignal RestartKillSignal FinalKillSignal WatchdogSignal", _SIGNAL_NAMES),
    ("Service", "UMask StateDirectoryMode RuntimeDirectoryMode", _MODES),
    ("Unit", "CollectMode FailureAction SuccessAction OnFailureJobMode JobTimeoutAction StartLimitAction", _CHOICES),
    ("Service", "Restart", _RESTARTS),
    ("Service", "CPUQuota", _QUOTAS),
    ("Unit", "StopWhenUnneeded AllowIsolate IgnoreOnIsolate RefuseManualStart", _BOOLEANS),
    ("Unit", "StartLimitIntervalSec", _SPANS),
    ("Unit", "StartLimitBurst", _NUMBERS),
    ("Unit", "After Before Wants Requires Conflicts OnFailure PartOf BindsTo Requisite Upholds", _UNITS),
)
_OF_TIMERS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("Timer", "OnCalendar", _CALENDARS),
    ("Timer", "Unit", _ONE_UNIT),
    ("Timer", "OnBootSec OnActiveSec OnUnitActiveSec AccuracySec RandomizedDelaySec", _SPANS),
    ("Timer", "Persistent WakeSystem OnClockChange RemainAfterElapse", _BOOLEANS),
)
_OF_SOCKETS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("Socket", "ReceiveBuffer SendBuffer PipeSize", _SIZES),
    ("Socket", "Timestamping BindIPv6Only", (*_CHOICES, "us", "ns", "usec", "nsec", "off", "both", "ipv6-only", "ms")),
    ("Socket", "Backlog MaxConnections KeepAliveProbes", _NUMBERS),
    ("Socket", "SocketMode DirectoryMode", _MODES),
)
Values = Mapping[tuple[str, str], Sequence[str]]
VALUES: Values = {(section, key): values for section, keys, values in _OF for key in keys.split()}
TIMER_VALUES: Values = {(section, key): values for section, keys, values in _OF_TIMERS for key in keys.split()}
SOCKET_VALUES: Values = {(section, key): values for section, keys, values in _OF_SOCKETS for key in keys.split()}
