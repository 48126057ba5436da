"""A stand-in for Docker on a lab host: the `docker` command, and a docker.service that holds the ports of what runs.

It keeps what `docker inspect` shows in a file for each container, and fills Go templates with it. It is no engine: no
image, no namespace, no process of a container.
"""

import json

PROGRAM = r"""#!/usr/bin/python3
import json, os, re, socket, sys, time
HOME = "/var/lib/standin-docker"

def load():
    found = {}
    for name in sorted(os.listdir(HOME)):
        if name.endswith(".json"):
            with open(f"{HOME}/{name}") as file:
                found[name[:-5]] = json.load(file)
    return found

def save(container):
    path = f"{HOME}/{container['Id']}.json"
    with open(f"{path}.new", "w") as file:
        json.dump(container, file)
    os.replace(f"{path}.new", path)

def ports(container):
    published = container["NetworkSettings"]["Ports"].values()
    return [(each["HostIp"], int(each["HostPort"])) for bindings in published for each in bindings or ()]

def daemon():
    for each in load().values():
        policy = each["HostConfig"]["RestartPolicy"]["Name"]
        if policy == "always" or policy == "unless-stopped" and not each["Stopped"]:
            each["State"]["Running"] = True
            save(each)
    held = {}
    while True:
        for key, each in load().items():
            if each.get("StopAt") and time.time() >= each["StopAt"]:
                each["State"]["Running"], each["Stopped"], each["StopAt"] = False, True, 0
                save(each)
            if each["State"]["Running"] and key not in held:
                try:
                    held[key] = [socket.create_server(at) for at in ports(each)]
                    open(f"{HOME}/{key}.held", "w").close()
                except OSError:
                    each["State"].update(Running=False, Error="port is already allocated")
                    save(each)
            elif not each["State"]["Running"] and key in held:
                for each_socket in held.pop(key):
                    each_socket.close()
                os.unlink(f"{HOME}/{key}.held")
        time.sleep(0.02)

def value(container, path):
    for key in path.strip(".").split("."):
        container = container[key]
    return container

def fill(template, container):
    def one(match):
        text = match[1].strip()
        as_json = text.startswith("json ")
        text = text.removeprefix("json ").strip()
        index = re.fullmatch(r'\(index (\S+) "([^"]+)"\)', text)
        found = value(container, index[1]).get(index[2], "") if index else value(container, text)
        return json.dumps(found) if as_json else str(found).lower() if isinstance(found, bool) else str(found)
    return re.sub(r"\{\{(.*?)\}\}", one, template)

def until(done, seconds):
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.02)
    return done()

def main(verb, *argv):
    if verb == "daemon":
        daemon()
    if os.system("systemctl -q is-active docker.service"):
        sys.exit("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
    print("WARNING: Error loading config file", file=sys.stderr)
    known = load()
    if verb == "ps":
        print(*(key for key, each in known.items() if each["State"]["Running"]), sep="\n")
        return
    template = argv[argv.index("--format") + 1] if "--format" in argv else ""
    for name in argv[argv.index("--") + 1:]:
        if name not in known:
            sys.exit(f"Error response from daemon: No such container: {name}")
        container = known[name]
        if verb == "inspect":
            print(fill(template, container))
        elif verb == "stop":
            if container.get("Stubborn"):
                sys.exit(f"Error response from daemon: cannot stop container: {name}: did not receive an exit event")
            # As in Docker, the daemon stops it, also where this command is killed.
            container["StopAt"] = container.get("StopAt") or time.time() + container.get("Patience", 0)
            save(container)
            until(lambda: not os.path.exists(f"{HOME}/{name}.held"), 15)
        elif verb == "start":
            container["State"].update(Running=True, Error="")
            save(container)
            if not until(lambda: os.path.exists(f"{HOME}/{name}.held"), 1):
                sys.exit("Error response from daemon: Bind for 127.0.0.1:18080 failed: port is already allocated")

main(*sys.argv[1:])
"""
SERVICE = (
    "[Unit]\nDescription=Stand-in\n[Service]\nExecStart=/usr/bin/docker daemon\n[Install]\nWantedBy=multi-user.target\n"
)


def container(name: str, number: int, service: str, **more: object) -> dict[str, object]:
    """As `docker inspect` shows one of Compose that publishes 18080. `more`: restart, remove, labels, status …"""
    labels = {"com.docker.compose.service": service, "com.docker.compose.project": "shop"} if service else {}
    return {
        "Id": f"{number:064x}",
        "Name": f"/{name}",
        "Config": {"Labels": {**labels, **more.get("labels", {})}},  # type: ignore[dict-item]
        "State": {"Running": True, "Status": more.get("status", "running")},
        "HostConfig": {
            "RestartPolicy": {"Name": more.get("restart", "unless-stopped")},
            "AutoRemove": more.get("remove", False),
        },
        "NetworkSettings": {"Ports": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}], "9/udp": None}},
        "Stopped": False,
        "Stubborn": more.get("stubborn", False),
        "Patience": more.get("patience", 0),
    }


def install_script(containers: list[dict[str, object]]) -> str:
    """Puts it on a host, with these containers running."""
    files = "".join(
        f"cat > /var/lib/standin-docker/{each['Id']}.json <<'END'\n{json.dumps(each)}\nEND\n" for each in containers
    )
    return (
        "set -e; mkdir -p /var/lib/standin-docker\n"
        f"cat > /usr/bin/docker <<'END_OF_PROGRAM'\n{PROGRAM}\nEND_OF_PROGRAM\n"
        f"chmod 0755 /usr/bin/docker\n{files}cat > /usr/lib/systemd/system/docker.service <<'END'\n{SERVICE}\nEND\n"
        "systemctl daemon-reload; systemctl restart docker.service\n"
        "for i in $(seq 100); do ls /var/lib/standin-docker/*.held >/dev/null 2>&1 && break; sleep 0.02; done\n"
    )


REMOVE = (
    "systemctl stop docker.service 2>/dev/null; rm -rf /var/lib/standin-docker /usr/bin/docker "
    "/usr/lib/systemd/system/docker.service; systemctl daemon-reload"
)
