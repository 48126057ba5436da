# shellcheck shell=sh disable=SC2034,SC2064,SC3045
# Listening sockets, each time they have changed.

# attend_sockets SECONDS: what `ss` prints of listening sockets, then a line `end`, now and whenever it has changed. Looks
# so often; ends when standard input does.
attend_sockets() {
  printf 'qtctl: begins\n'
  exec 3<&0 </dev/null
  (while read -r qtctl_line; do :; done; kill -KILL 0) <&3 >/dev/null 2>&1 &
  trap "kill $!" 0
  exec 3<&-
  ulimit -c 0
  if ! command -v ss >/dev/null; then
    printf 'missing\nend\n'
    exit 0
  fi
  qtctl_before=
  while :; do
    qtctl_now=$(ss -H -lntu | tr -s ' ' | cut -d ' ' -f 1,5 | sort -u)
    if [ "$qtctl_now" != "$qtctl_before" ]; then
      printf '%s\nend\n' "$qtctl_now" || exit 0
      qtctl_before=$qtctl_now
    fi
    sleep "$1"
  done
}
