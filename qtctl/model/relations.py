"""Keys of every unit: what it is tied to, when it may start, how the manager treats it, what enables it."""

from typing import ClassVar

from qtctl.model.fields import AbsolutePath, Choice, NeededPath, Node, Number, Setting, Span, Switch, says


class Order(Node):
    """Names of services, externals or targets of this registry, or whole unit names."""

    SECTION: ClassVar = "Unit"

    wants: tuple[str, ...] = says("Wants", ())
    requires: tuple[str, ...] = says("Requires", ())
    binds_to: tuple[str, ...] = says("BindsTo", ())
    after: tuple[str, ...] = says("After", ())
    before: tuple[str, ...] = says("Before", ())
    conflicts: tuple[str, ...] = says("Conflicts", ())
    part_of: tuple[str, ...] = says("PartOf", ())
    on_failure: tuple[str, ...] = says("OnFailure", ())
    on_success: tuple[str, ...] = says("OnSuccess", ())
    requisite: tuple[str, ...] = says("Requisite", ())
    upholds: tuple[str, ...] = says("Upholds", ())
    joins_namespace_of: tuple[str, ...] = says("JoinsNamespaceOf", ())
    propagates_reload_to: tuple[str, ...] = says("PropagatesReloadTo", ())
    reload_propagated_from: tuple[str, ...] = says("ReloadPropagatedFrom", ())
    propagates_stop_to: tuple[str, ...] = says("PropagatesStopTo", ())
    stop_propagated_from: tuple[str, ...] = says("StopPropagatedFrom", ())


ORDER = ("wants", "requires", "binds_to", "after", "before", "conflicts", "part_of", "on_failure")
"""The keys of an order that a deploy and an audit follow themselves."""


class Conditions(Node):
    """What must hold, or the unit is skipped without an error. `!` in front of a value negates it; of values with `|`,
    one must hold.
    """

    SECTION: ClassVar = "Unit"

    path_exists: tuple[Setting, ...] = says("ConditionPathExists", ())
    path_exists_glob: tuple[Setting, ...] = says("ConditionPathExistsGlob", ())
    path_is_directory: tuple[Setting, ...] = says("ConditionPathIsDirectory", ())
    path_is_symbolic_link: tuple[Setting, ...] = says("ConditionPathIsSymbolicLink", ())
    path_is_mount_point: tuple[Setting, ...] = says("ConditionPathIsMountPoint", ())
    path_is_read_write: tuple[Setting, ...] = says("ConditionPathIsReadWrite", ())
    path_is_encrypted: tuple[Setting, ...] = says("ConditionPathIsEncrypted", ())
    directory_not_empty: tuple[Setting, ...] = says("ConditionDirectoryNotEmpty", ())
    file_not_empty: tuple[Setting, ...] = says("ConditionFileNotEmpty", ())
    file_is_executable: tuple[Setting, ...] = says("ConditionFileIsExecutable", ())
    user: tuple[Setting, ...] = says("ConditionUser", ())
    group: tuple[Setting, ...] = says("ConditionGroup", ())
    host: tuple[Setting, ...] = says("ConditionHost", ())
    architecture: tuple[Setting, ...] = says("ConditionArchitecture", ())
    firmware: tuple[Setting, ...] = says("ConditionFirmware", ())
    virtualization: tuple[Setting, ...] = says("ConditionVirtualization", ())
    kernel_command_line: tuple[Setting, ...] = says("ConditionKernelCommandLine", ())
    kernel_version: tuple[Setting, ...] = says("ConditionKernelVersion", ())
    credential: tuple[Setting, ...] = says("ConditionCredential", ())
    environment: tuple[Setting, ...] = says("ConditionEnvironment", ())
    security: tuple[Setting, ...] = says("ConditionSecurity", ())
    capability: tuple[Setting, ...] = says("ConditionCapability", ())
    ac_power: tuple[Choice, ...] = says("ConditionACPower", ())
    needs_update: tuple[Setting, ...] = says("ConditionNeedsUpdate", ())
    first_boot: tuple[Choice, ...] = says("ConditionFirstBoot", ())
    control_group_controller: tuple[Setting, ...] = says("ConditionControlGroupController", ())
    memory: tuple[Setting, ...] = says("ConditionMemory", ())
    cpus: tuple[Number | Setting, ...] = says("ConditionCPUs", ())
    cpu_feature: tuple[Setting, ...] = says("ConditionCPUFeature", ())
    os_release: tuple[Setting, ...] = says("ConditionOSRelease", ())


class Asserts(Node):
    """As conditions, but a start fails where one does not hold."""

    SECTION: ClassVar = "Unit"

    path_exists: tuple[Setting, ...] = says("AssertPathExists", ())
    path_exists_glob: tuple[Setting, ...] = says("AssertPathExistsGlob", ())
    path_is_directory: tuple[Setting, ...] = says("AssertPathIsDirectory", ())
    path_is_mount_point: tuple[Setting, ...] = says("AssertPathIsMountPoint", ())
    path_is_read_write: tuple[Setting, ...] = says("AssertPathIsReadWrite", ())
    directory_not_empty: tuple[Setting, ...] = says("AssertDirectoryNotEmpty", ())
    file_not_empty: tuple[Setting, ...] = says("AssertFileNotEmpty", ())
    file_is_executable: tuple[Setting, ...] = says("AssertFileIsExecutable", ())
    user: tuple[Setting, ...] = says("AssertUser", ())
    group: tuple[Setting, ...] = says("AssertGroup", ())
    host: tuple[Setting, ...] = says("AssertHost", ())


class Manager(Node):
    """How the manager treats the unit."""

    SECTION: ClassVar = "Unit"

    default_dependencies: bool | None = says("DefaultDependencies")
    requires_mounts_for: tuple[NeededPath, ...] = says("RequiresMountsFor", ())
    wants_mounts_for: tuple[NeededPath, ...] = says("WantsMountsFor", ())
    stop_when_unneeded: Switch | None = says("StopWhenUnneeded")
    refuse_manual_start: Switch | None = says("RefuseManualStart")
    refuse_manual_stop: Switch | None = says("RefuseManualStop")
    allow_isolate: Switch | None = says("AllowIsolate")
    ignore_on_isolate: Switch | None = says("IgnoreOnIsolate")
    collect_mode: Setting | None = says("CollectMode")
    on_failure_job_mode: Setting | None = says("OnFailureJobMode")
    on_success_job_mode: Setting | None = says("OnSuccessJobMode")
    job_timeout: Span | None = says("JobTimeoutSec")
    job_running_timeout: Span | None = says("JobRunningTimeoutSec")
    job_timeout_action: Setting | None = says("JobTimeoutAction")
    start_limit_action: Setting | None = says("StartLimitAction")
    success_action: Setting | None = says("SuccessAction")
    success_action_exit_status: Number | Setting | None = says("SuccessActionExitStatus")
    failure_action: Setting | None = says("FailureAction")
    failure_action_exit_status: Number | Setting | None = says("FailureActionExitStatus")
    reboot_argument: Setting | None = says("RebootArgument")
    survive_final_kill_signal: Switch | None = says("SurviveFinalKillSignal")
    source: AbsolutePath | None = says("SourcePath")


class LimitedManager(Manager):
    """Of units without a `restart` table."""

    start_limit_interval: Span | None = says("StartLimitIntervalSec")
    start_limit_burst: Number | None = says("StartLimitBurst")


class Install(Node):
    """What enables the unit. If it is given, it replaces what a target or the unit's type implies."""

    SECTION: ClassVar = "Install"

    wanted_by: tuple[str, ...] = says("WantedBy", ())
    required_by: tuple[str, ...] = says("RequiredBy", ())
    upheld_by: tuple[str, ...] = says("UpheldBy", ())
    also: tuple[str, ...] = says("Also", ())
    alias: tuple[str, ...] = says("Alias", ())
    default_instance: Setting | None = says("DefaultInstance")
