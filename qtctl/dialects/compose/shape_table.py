"""The keys of a compose file and their types: Compose's own schema in qtctl's notation.

A test compares this table with the schema inside Compose's loader.
"""

from typing import Final

from qtctl.dialects.compose.shapes import (
    PAIRS,
    TEXT,
    TEXT_OR_NUMBER,
    TEXT_OR_TEXTS,
    TEXT_OR_WHOLE,
    TEXTS,
    TRUTH,
    Keyed,
    Listed,
    OneOf,
    Ref,
    Scalar,
    Shape,
)

SHAPES: Final[dict[str, Shape]] = {
    "": Keyed({"version": TEXT, "name": TEXT, "include": Listed(Ref("include")), "services": Keyed({},
        others=Ref("service"), named="^[a-zA-Z0-9._-]+$"), "models": Keyed({}, others=Ref("model"),
        named="^[a-zA-Z0-9._-]+$", open=True), "networks": Keyed({}, others=Ref("network"),
        named="^[a-zA-Z0-9._-]+$", open=True), "volumes": Keyed({}, others=Ref("volume"),
        named="^[a-zA-Z0-9._-]+$"), "secrets": Keyed({}, others=Ref("secret"), named="^[a-zA-Z0-9._-]+$"),
        "configs": Keyed({}, others=Ref("config"), named="^[a-zA-Z0-9._-]+$")}, extended=True),
    "service": Keyed({"develop": Ref("development"), "deploy": Ref("deployment"), "annotations": PAIRS,
        "attach": TRUTH, "build": OneOf((TEXT, Keyed({"context": TEXT, "dockerfile": TEXT, "dockerfile_inline":
        TEXT, "entitlements": Listed(TEXT), "args": PAIRS, "ssh": PAIRS, "labels": PAIRS, "cache_from":
        Listed(TEXT), "cache_to": Listed(TEXT), "no_cache": TRUTH, "additional_contexts": PAIRS, "network":
        TEXT, "provenance": TRUTH, "sbom": TRUTH, "pull": TRUTH, "target": TEXT, "shm_size": TEXT_OR_WHOLE,
        "extra_hosts": Ref("extra_hosts"), "isolation": TEXT, "privileged": TRUTH, "secrets":
        Ref("service_config_or_secret"), "tags": Listed(TEXT), "ulimits": Ref("ulimits"), "platforms":
        Listed(TEXT)}, extended=True))), "blkio_config": Keyed({"device_read_bps": Listed(Ref("blkio_limit")),
        "device_read_iops": Listed(Ref("blkio_limit")), "device_write_bps": Listed(Ref("blkio_limit")),
        "device_write_iops": Listed(Ref("blkio_limit")), "weight": TEXT_OR_WHOLE, "weight_device":
        Listed(Ref("blkio_weight"))}), "cap_add": Listed(TEXT, unique=True), "cap_drop": Listed(TEXT,
        unique=True), "cgroup": Scalar("S", choices=("host", "private")), "cgroup_parent": TEXT, "command":
        Ref("command"), "configs": Ref("service_config_or_secret"), "container_name": Scalar("S",
        pattern="[a-zA-Z0-9][a-zA-Z0-9_.-]+"), "cpu_count": OneOf((TEXT, Scalar("I", least=0))), "cpu_percent":
        OneOf((TEXT, Scalar("I", least=0, most=100))), "cpu_shares": TEXT_OR_NUMBER, "cpu_quota":
        TEXT_OR_NUMBER, "cpu_period": TEXT_OR_NUMBER, "cpu_rt_period": TEXT_OR_NUMBER, "cpu_rt_runtime":
        TEXT_OR_NUMBER, "cpus": TEXT_OR_NUMBER, "cpuset": TEXT, "credential_spec": Keyed({"config": TEXT,
        "file": TEXT, "registry": TEXT}, extended=True), "depends_on": OneOf((TEXTS, Keyed({},
        others=Keyed({"restart": TRUTH, "required": Scalar("B"), "condition": Scalar("S",
        choices=("service_started", "service_healthy", "service_completed_successfully"))}, extended=True,
        required=("condition",)), named="^[a-zA-Z0-9._-]+$"))), "device_cgroup_rules": TEXTS, "devices":
        Listed(OneOf((TEXT, Keyed({"source": TEXT, "target": TEXT, "permissions": TEXT}, extended=True,
        required=("source",))))), "dns": TEXT_OR_TEXTS, "dns_opt": Listed(TEXT, unique=True), "dns_search":
        TEXT_OR_TEXTS, "domainname": TEXT, "entrypoint": Ref("command"), "env_file": Ref("env_file"),
        "label_file": Ref("label_file"), "environment": PAIRS, "expose": Listed(TEXT_OR_NUMBER, unique=True),
        "extends": OneOf((TEXT, Keyed({"service": TEXT, "file": TEXT}, required=("service",)))), "provider":
        Keyed({"type": TEXT, "options": Keyed({}, others=OneOf((Scalar("SNB"), Listed(Scalar("SNB")))),
        named="^.+$", open=True)}, extended=True, required=("type",)), "external_links": Listed(TEXT,
        unique=True), "extra_hosts": Ref("extra_hosts"), "gpus": Ref("gpus"), "group_add":
        Listed(TEXT_OR_NUMBER, unique=True), "healthcheck": Ref("healthcheck"), "hostname": TEXT, "image": TEXT,
        "init": TRUTH, "ipc": TEXT, "isolation": TEXT, "labels": PAIRS, "links": Listed(TEXT, unique=True),
        "logging": Keyed({"driver": TEXT, "options": Keyed({}, others=Scalar("SNZ"), named="^.+$", open=True)},
        extended=True), "mac_address": TEXT, "mem_limit": TEXT_OR_NUMBER, "mem_reservation": TEXT_OR_WHOLE,
        "mem_swappiness": TEXT_OR_WHOLE, "memswap_limit": TEXT_OR_NUMBER, "network_mode": TEXT, "models":
        OneOf((TEXTS, Keyed({}, others=OneOf((Keyed({"endpoint_var": TEXT, "model_var": TEXT}, extended=True),
        Scalar("Z"))), named="^[a-zA-Z0-9._-]+$", open=True))), "networks": OneOf((TEXTS, Keyed({},
        others=OneOf((Keyed({"aliases": TEXTS, "interface_name": TEXT, "ipv4_address": TEXT, "ipv6_address":
        TEXT, "link_local_ips": TEXTS, "mac_address": TEXT, "driver_opts": Keyed({}, others=TEXT_OR_NUMBER,
        named="^.+$", open=True), "priority": Scalar("N"), "gw_priority": Scalar("N")}, extended=True),
        Scalar("Z"))), named="^[a-zA-Z0-9._-]+$"))), "oom_kill_disable": TRUTH, "oom_score_adj": OneOf((TEXT,
        Scalar("I", least=-1000, most=1000))), "pid": Scalar("SZ"), "pids_limit": TEXT_OR_NUMBER, "platform":
        TEXT, "ports": Listed(OneOf((Scalar("N"), TEXT, Keyed({"name": TEXT, "mode": TEXT, "host_ip": TEXT,
        "target": TEXT_OR_WHOLE, "published": TEXT_OR_WHOLE, "protocol": TEXT, "app_protocol": TEXT},
        extended=True))), unique=True), "post_start": Listed(Ref("service_hook")), "pre_stop":
        Listed(Ref("service_hook")), "privileged": TRUTH, "profiles": TEXTS, "pull_policy": Scalar("S",
        pattern="always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+"),
        "pull_refresh_after": TEXT, "read_only": TRUTH, "restart": TEXT, "runtime": TEXT, "scale":
        TEXT_OR_WHOLE, "security_opt": Listed(TEXT, unique=True), "shm_size": TEXT_OR_NUMBER, "secrets":
        Ref("service_config_or_secret"), "sysctls": PAIRS, "stdin_open": TRUTH, "stop_grace_period": TEXT,
        "stop_signal": TEXT, "storage_opt": Keyed({}, open=True), "tmpfs": TEXT_OR_TEXTS, "tty": TRUTH,
        "ulimits": Ref("ulimits"), "use_api_socket": Scalar("B"), "user": TEXT, "uts": TEXT, "userns_mode":
        TEXT, "volumes": Listed(OneOf((TEXT, Keyed({"type": Scalar("S", choices=("bind", "volume", "tmpfs",
        "cluster", "npipe", "image")), "source": TEXT, "target": TEXT, "read_only": TRUTH, "consistency": TEXT,
        "bind": Keyed({"propagation": TEXT, "create_host_path": TRUTH, "recursive": Scalar("S",
        choices=("enabled", "disabled", "writable", "readonly")), "selinux": Scalar("S", choices=("z", "Z"))},
        extended=True), "volume": Keyed({"labels": PAIRS, "nocopy": TRUTH, "subpath": TEXT}, extended=True),
        "tmpfs": Keyed({"size": OneOf((Scalar("I", least=0), TEXT)), "mode": TEXT_OR_NUMBER}, extended=True),
        "image": Keyed({"subpath": TEXT}, extended=True)}, extended=True, required=("type",)))), unique=True),
        "volumes_from": Listed(TEXT, unique=True), "working_dir": TEXT}, extended=True),
    "healthcheck": Keyed({"disable": TRUTH, "interval": TEXT, "retries": TEXT_OR_NUMBER, "test": OneOf((TEXT,
        Listed(TEXT))), "timeout": TEXT, "start_period": TEXT, "start_interval": TEXT}, extended=True),
    "development": OneOf((Keyed({"watch": Listed(Keyed({"ignore": TEXT_OR_TEXTS, "include": TEXT_OR_TEXTS,
        "path": TEXT, "action": Scalar("S", choices=("rebuild", "sync", "restart", "sync+restart",
        "sync+exec")), "target": TEXT, "exec": Ref("service_hook"), "initial_sync": Scalar("B")}, extended=True,
        required=("path", "action")))}, extended=True), Scalar("Z"))),
    "deployment": OneOf((Keyed({"mode": TEXT, "endpoint_mode": TEXT, "replicas": TEXT_OR_WHOLE, "labels": PAIRS,
        "rollback_config": Keyed({"parallelism": TEXT_OR_WHOLE, "delay": TEXT, "failure_action": TEXT,
        "monitor": TEXT, "max_failure_ratio": TEXT_OR_NUMBER, "order": Scalar("S", choices=("start-first",
        "stop-first"))}, extended=True), "update_config": Keyed({"parallelism": TEXT_OR_WHOLE, "delay": TEXT,
        "failure_action": TEXT, "monitor": TEXT, "max_failure_ratio": TEXT_OR_NUMBER, "order": Scalar("S",
        choices=("start-first", "stop-first"))}, extended=True), "resources": Keyed({"limits": Keyed({"cpus":
        TEXT_OR_NUMBER, "memory": TEXT, "pids": TEXT_OR_WHOLE}, extended=True), "reservations": Keyed({"cpus":
        TEXT_OR_NUMBER, "memory": TEXT, "generic_resources": Ref("generic_resources"), "devices":
        Ref("devices")}, extended=True)}, extended=True), "restart_policy": Keyed({"condition": TEXT, "delay":
        TEXT, "max_attempts": TEXT_OR_WHOLE, "window": TEXT}, extended=True), "placement": Keyed({"constraints":
        Listed(TEXT), "preferences": Listed(Keyed({"spread": TEXT}, extended=True)), "max_replicas_per_node":
        TEXT_OR_WHOLE}, extended=True)}, extended=True), Scalar("Z"))),
    "generic_resources": Listed(Keyed({"discrete_resource_spec": Keyed({"kind": TEXT, "value": TEXT_OR_NUMBER},
        extended=True)}, extended=True)),
    "devices": Listed(Keyed({"capabilities": TEXTS, "count": TEXT_OR_WHOLE, "device_ids": TEXTS, "driver": TEXT,
        "options": PAIRS}, extended=True, required=("capabilities",))),
    "gpus": OneOf((Scalar("S", choices=("all",)), Listed(Keyed({"capabilities": TEXTS, "count": TEXT_OR_WHOLE,
        "device_ids": TEXTS, "driver": TEXT, "options": PAIRS}, open=True)))),
    "include": OneOf((TEXT, Keyed({"path": TEXT_OR_TEXTS, "env_file": TEXT_OR_TEXTS, "project_directory":
        TEXT}))),
    "network": OneOf((Keyed({"name": TEXT, "driver": TEXT, "driver_opts": Keyed({}, others=TEXT_OR_NUMBER,
        named="^.+$", open=True), "ipam": Keyed({"driver": TEXT, "config": Listed(Keyed({"subnet": TEXT,
        "ip_range": TEXT, "gateway": TEXT, "aux_addresses": Keyed({}, others=TEXT, named="^.+$")},
        extended=True)), "options": Keyed({}, others=TEXT, named="^.+$")}, extended=True), "external":
        OneOf((Keyed({"name": TEXT}, extended=True), TRUTH)), "internal": TRUTH, "enable_ipv4": TRUTH,
        "enable_ipv6": TRUTH, "attachable": TRUTH, "labels": PAIRS}, extended=True), Scalar("Z"))),
    "volume": OneOf((Keyed({"name": TEXT, "driver": TEXT, "driver_opts": Keyed({}, others=TEXT_OR_NUMBER,
        named="^.+$", open=True), "external": OneOf((Keyed({"name": TEXT}, extended=True), TRUTH)), "labels":
        PAIRS}, extended=True), Scalar("Z"))),
    "secret": Keyed({"name": TEXT, "environment": TEXT, "file": TEXT, "external": OneOf((Keyed({"name": TEXT},
        open=True), TRUTH)), "labels": PAIRS, "driver": TEXT, "driver_opts": Keyed({}, others=TEXT_OR_NUMBER,
        named="^.+$", open=True), "template_driver": TEXT}, extended=True),
    "config": Keyed({"name": TEXT, "content": TEXT, "environment": TEXT, "file": TEXT, "external":
        OneOf((Keyed({"name": TEXT}, open=True), TRUTH)), "labels": PAIRS, "template_driver": TEXT},
        extended=True),
    "model": Keyed({"name": TEXT, "model": TEXT, "context_size": Scalar("I"), "runtime_flags": Listed(TEXT)},
        extended=True, required=("model",)),
    "command": OneOf((Scalar("Z"), TEXT, Listed(TEXT))),
    "service_hook": Keyed({"command": Ref("command"), "user": TEXT, "privileged": TRUTH, "working_dir": TEXT,
        "environment": PAIRS}, extended=True, required=("command",)),
    "env_file": OneOf((TEXT, Listed(OneOf((TEXT, Keyed({"path": TEXT, "format": TEXT, "required": TRUTH},
        required=("path",))))))),
    "label_file": OneOf((TEXT, Listed(TEXT))),
    "string_or_list": OneOf((TEXT, TEXTS)),
    "list_of_strings": Listed(TEXT, unique=True),
    "list_or_dict": OneOf((Keyed({}, others=Scalar("SNBZ"), named=".+"), Listed(TEXT, unique=True))),
    "extra_hosts": OneOf((Keyed({}, others=OneOf((TEXT, Listed(TEXT))), named=".+"), Listed(TEXT,
        unique=True))),
    "blkio_limit": Keyed({"path": TEXT, "rate": TEXT_OR_WHOLE}),
    "blkio_weight": Keyed({"path": TEXT, "weight": TEXT_OR_WHOLE}),
    "service_config_or_secret": Listed(OneOf((TEXT, Keyed({"source": TEXT, "target": TEXT, "uid": TEXT, "gid":
        TEXT, "mode": TEXT_OR_NUMBER}, extended=True)))),
    "ulimits": Keyed({}, others=OneOf((TEXT_OR_WHOLE, Keyed({"hard": TEXT_OR_WHOLE, "soft": TEXT_OR_WHOLE},
        extended=True, required=("soft", "hard")))), named="^[a-z]+$", open=True),
}  # fmt: skip
