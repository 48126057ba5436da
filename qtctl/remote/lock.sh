# shellcheck shell=sh disable=SC2154
# The deploy lock: a file in a folder of root's that nobody else can open, and so nobody else can lock.
#
# Given: lock (its path), mark (whose it is), ttl (seconds); for `hold` also way.sh.
refuse() {
  printf '%s\n' "$1" >&2
  exit 77
}

# hold: take the lock and keep it until the lock file says something else (`release`), nobody reads the output any more
# (the connection is gone: SIGPIPE), or `ttl` is over. The kernel then frees the lock.
hold() {
  umask 077
  place=${lock%/*}
  trusted "$place" || refuse "$why"
  [ -d "$place" ] || mkdir -m 0711 -- "$place" || [ -d "$place" ] || exit 1
  if [ -e "$lock" ] || [ -L "$lock" ]; then
    is=$(LC_ALL=C stat -c '%F, %U:%G, mode %a' -- "$lock") || exit 1
    case "$is" in
      'regular '*'file, root:'*', mode 600') ;;
      *) refuse "$lock is not the lock that qtctl makes (a regular file of root's, mode 600): $is" ;;
    esac
  fi
  exec 9>>"$lock" || exit 1
  flock -w 1 9 || { printf busy && exit 75; }
  printf '%s\n' "$mark" >"$lock"
  end=$(($(date +%s) + ttl))
  while read -r now <"$lock" && [ "$now" = "$mark" ] && [ "$(date +%s)" -lt "$end" ]; do
    printf . || exit 1
    sleep 0.2
  done
}

# ask: print `held` once `mark` has the lock, else whose it is.
ask() {
  tries=0
  while [ "$tries" -lt 30 ]; do
    if ours; then printf held && exit; fi
    tries=$((tries + 1))
    sleep 0.1
  done 2>/dev/null
  [ ! -f "$lock" ] || head -c 200 -- "$lock"
}
ours() { [ -f "$lock" ] && read -r now <"$lock" && [ "$now" = "$mark" ]; }

release() {
  ours && : >"$lock"
  exit 0
}
