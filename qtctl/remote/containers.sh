# shellcheck shell=sh disable=SC2086
# Running containers, by their control groups, which everybody may see; the ports that docker-proxy holds for them; and
# their names, if the account that asks may ask Docker. No container is entered.

# find_containers: lines `c PATH` of control groups, `n ID COMPOSE-SERVICE NAME` with tabs, or `d REASON` if Docker did
# not answer, then `p PID:ARGUMENT` for each argument of each docker-proxy.
find_containers() {
  cd /sys/fs/cgroup || exit 3
  groups=$(find . -mindepth 1 -maxdepth 6 -type d -regextype posix-extended \
    -regex '.*/(docker|libpod|nerdctl)[-/][0-9a-f]{64}(\.scope)?' -printf 'c %P\n' 2>/dev/null | head -n 2000)
  [ "$groups" ] || return 0
  printf '%s\n' "$groups"
  show_names
  show_proxies
}

show_names() {
  if [ ! -x /usr/bin/docker ]; then
    echo 'd docker is not installed'
  elif [ ! -w /run/docker.sock ]; then
    echo 'd only root and the group docker may ask Docker'
  else
    said=$(timeout -k 1 4 /usr/bin/docker ps --no-trunc \
      --format 'n {{.ID}}	{{.Label "com.docker.compose.service"}}	{{.Names}}' 2>&1) || said="d $(printf '%.200s' "$said")"
    printf '%s\n' "$said" | head -n 2000
  fi
}

show_proxies() {
  set -f
  held=$(set +f && grep -l -x -s docker-proxy /proc/[0-9]*/comm | head -n 500)
  [ "$held" ] || return 0
  files=''
  for each in $held; do files="$files ${each%/comm}/cmdline"; done
  grep -a -z -H -s '' $files | tr '\0' '\n' | sed -n 's|^/proc/\([0-9]*\)/cmdline:|p \1:|p'
}
