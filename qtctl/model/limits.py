"""What a unit may use, when it is restarted, and how its processes are scheduled."""

from typing import Annotated, Literal

from pydantic import Field

from qtctl.model.expect import Expect
from qtctl.model.fields import PART, Choice, Node, Number, Percent, Setting, Size, Span, Switch, says

Amount = Annotated[Size | Percent, Expect('a size, such as "512M" or "1.5G", a share, such as "80%", or "infinity"')]
"""Bytes, or a share of the host's memory."""
Weight = Annotated[Number, Field(ge=1, le=10000)]
Limit = Annotated[
    Annotated[Number, Field(ge=0)] | Setting,
    Expect('a whole number, 0 or more, or text, such as "infinity" or "1024:4096"'),
]
"""A number, "infinity", or "SOFT:HARD"."""


class Resources(Node):
    """Control group limits of a service, a slice, a socket or a mount."""

    model_config = PART

    memory_high: Amount | None = says("MemoryHigh")
    memory_max: Amount | None = says("MemoryMax")
    memory_min: Amount | None = says("MemoryMin")
    memory_low: Amount | None = says("MemoryLow")
    memory_swap_max: Amount | None = says("MemorySwapMax")
    memory_zswap_max: Amount | None = says("MemoryZSwapMax")
    cpu_quota: Percent | None = says("CPUQuota")
    cpu_quota_period: Span | None = says("CPUQuotaPeriodSec")
    cpu_weight: Weight | Literal["idle"] | None = says("CPUWeight")
    startup_cpu_weight: Weight | Literal["idle"] | None = says("StartupCPUWeight")
    allowed_cpus: Number | Setting | None = says("AllowedCPUs")
    allowed_memory_nodes: Number | Setting | None = says("AllowedMemoryNodes")
    io_weight: Weight | None = says("IOWeight")
    startup_io_weight: Weight | None = says("StartupIOWeight")
    io_device_weight: tuple[Setting, ...] = says("IODeviceWeight", ())
    io_read_bandwidth_max: tuple[Setting, ...] = says("IOReadBandwidthMax", ())
    io_write_bandwidth_max: tuple[Setting, ...] = says("IOWriteBandwidthMax", ())
    io_read_iops_max: tuple[Setting, ...] = says("IOReadIOPSMax", ())
    io_write_iops_max: tuple[Setting, ...] = says("IOWriteIOPSMax", ())
    tasks_max: Annotated[Number, Field(ge=1)] | Setting | None = says("TasksMax")
    cpu_accounting: Switch | None = says("CPUAccounting")
    memory_accounting: Switch | None = says("MemoryAccounting")
    tasks_accounting: Switch | None = says("TasksAccounting")
    io_accounting: Switch | None = says("IOAccounting")
    ip_accounting: Switch | None = says("IPAccounting")
    ip_address_allow: tuple[Setting, ...] = says("IPAddressAllow", ())
    ip_address_deny: tuple[Setting, ...] = says("IPAddressDeny", ())
    socket_bind_allow: tuple[Setting, ...] = says("SocketBindAllow", ())
    socket_bind_deny: tuple[Setting, ...] = says("SocketBindDeny", ())
    restrict_network_interfaces: tuple[Setting, ...] = says("RestrictNetworkInterfaces", ())
    device_policy: Setting | None = says("DevicePolicy")
    device_allow: tuple[Setting, ...] = says("DeviceAllow", ())
    delegate: Choice | tuple[Setting, ...] | None = says("Delegate")
    delegate_subgroup: Setting | None = says("DelegateSubgroup")
    disable_controllers: tuple[Setting, ...] = says("DisableControllers", ())
    managed_oom_swap: Setting | None = says("ManagedOOMSwap")
    managed_oom_memory_pressure: Setting | None = says("ManagedOOMMemoryPressure")
    managed_oom_memory_pressure_limit: Setting | None = says("ManagedOOMMemoryPressureLimit")
    managed_oom_preference: Setting | None = says("ManagedOOMPreference")
    memory_pressure_watch: Choice | None = says("MemoryPressureWatch")


class Limits(Resources):
    """Limits of a service: of its control group, and of each of its processes."""

    nofile: Limit | None = says("LimitNOFILE")
    oom_score_adjust: Annotated[Number, Field(ge=-1000, le=1000)] | None = says("OOMScoreAdjust")
    nproc: Limit | None = says("LimitNPROC")
    core: Limit | None = says("LimitCORE")
    memlock: Limit | None = says("LimitMEMLOCK")
    address_space: Limit | None = says("LimitAS")
    stack: Limit | None = says("LimitSTACK")
    data: Limit | None = says("LimitDATA")
    cpu_time: Limit | None = says("LimitCPU")
    file_size: Limit | None = says("LimitFSIZE")
    resident_set: Limit | None = says("LimitRSS")
    locks: Limit | None = says("LimitLOCKS")
    pending_signals: Limit | None = says("LimitSIGPENDING")
    message_queues: Limit | None = says("LimitMSGQUEUE")
    nice: Limit | None = says("LimitNICE")
    realtime_priority: Limit | None = says("LimitRTPRIO")
    realtime_time: Limit | None = says("LimitRTTIME")


class Restart(Node):
    restart: Literal["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort", "on-watchdog"] | None = (
        says("Restart")
    )
    restart_sec: Span | None = says("RestartSec")
    steps: Number | None = says("RestartSteps")
    max_delay: Span | None = says("RestartMaxDelaySec")
    mode: Setting | None = says("RestartMode")
    prevent_exit_status: tuple[Number | Setting, ...] = says("RestartPreventExitStatus", ())
    force_exit_status: tuple[Number | Setting, ...] = says("RestartForceExitStatus", ())
    success_exit_status: tuple[Number | Setting, ...] = says("SuccessExitStatus", ())
    start_limit_interval: Span | None = says("StartLimitIntervalSec", section="Unit")
    start_limit_burst: Annotated[Number, Field(ge=0)] | None = says("StartLimitBurst", section="Unit")


class Scheduling(Node):
    model_config = PART
    nice: Annotated[Number, Field(ge=-20, le=19)] | None = says("Nice")
    cpu_policy: Setting | None = says("CPUSchedulingPolicy")
    cpu_priority: Number | None = says("CPUSchedulingPriority")
    cpu_reset_on_fork: Switch | None = says("CPUSchedulingResetOnFork")
    cpu_affinity: tuple[Number | Setting, ...] = says("CPUAffinity", ())
    numa_policy: Setting | None = says("NUMAPolicy")
    numa_mask: Number | Setting | None = says("NUMAMask")
    io_class: Number | Setting | None = says("IOSchedulingClass")
    io_priority: Number | None = says("IOSchedulingPriority")
    timer_slack: Number | Setting | None = says("TimerSlackNSec")
