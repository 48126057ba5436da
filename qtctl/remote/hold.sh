# shellcheck shell=sh disable=SC2154
# Holds the deploy lock: a file in a folder of root's that nobody else can open, and so nobody else can lock.
#
# It ends when the lock file is no longer its own (the release), when nobody reads its output any more (the connection
# is gone: SIGPIPE), or after `ttl` seconds. The kernel then frees the lock.
#
# Given: lock (its path), mark (whose it is), ttl; way.sh.
refuse() {
  printf '%s\n' "$1" >&2
  exit 77
}
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
hold
