# shellcheck shell=sh disable=SC2034,SC2154
# Containers, by the docker command of the host. Given: docker_s, or else limit (seconds for one command).
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG

# run_docker ARGUMENT...: set `said` to the output, warnings first, and `answer` to its last line.
run_docker() {
  command -v docker >/dev/null || { said='docker is not installed' && return 127; }
  said=$(timeout --foreground -k 5 "${docker_s:-$limit}" docker "$@" 2>&1) ||
    { said="docker $1: ${said:-no answer in ${docker_s:-$limit} s}" && return 1; }
  answer=${said##*"
"}
}

# is_container_running ID: false too if Docker does not answer.
is_container_running() { run_docker inspect --type container --format '{{.State.Running}}' -- "$1" && [ "$answer" = true ]; }

# can_stop_container ID: whether it runs, will stay stopped, and can be started again.
can_stop_container() {
  run_docker inspect --type container \
    --format '{{.State.Running}} {{.HostConfig.AutoRemove}} {{.HostConfig.RestartPolicy.Name}}' -- "$1" || return 1
  case "$answer" in
    'true false always') said='its restart policy is always' && return 1 ;;
    'true false '*) ;;
    *) said='its state has changed since this was planned: plan again' && return 1 ;;
  esac
}

# stop_container ID: stop it with the container's own timeout.
stop_container() {
  run_docker stop -- "$1" || return 1
  ! is_container_running "$1" || { said='it is still running after docker stop' && return 1; }
}

# start_container ID: start it unless it is running.
start_container() { is_container_running "$1" || { run_docker start -- "$1" && is_container_running "$1"; }; }

# list_containers: print a line of JSON for each running container. Given: shape.
list_containers() {
  run_docker ps -q --no-trunc || return
  ids=$(printf '%s\n' "$said" | grep -x '[0-9a-f]\{64\}' | head -n 1000)
  [ "$ids" ] || return 0
  # shellcheck disable=SC2086 # ids have no blanks
  run_docker inspect --type container --format "$shape" -- $ids || return
  printf '%s\n' "$said" | grep '^{' | head -c 2000000
}
