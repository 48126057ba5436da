# Something happens at one rename or sync: /run/crash/at says at which, /run/crash/how what (kill, hang).
point() {
  [ -f /run/crash/at ] || return 0
  (
    flock 8
    count=0
    [ ! -f /run/crash/count ] || read -r count </run/crash/count
    count=$((count + 1))
    printf '%s\n' "$count" >/run/crash/count
    read -r at </run/crash/at
    [ "$count" = "$at" ]
  ) 8>/run/crash/lock || return 0
  read -r how </run/crash/how
  : >/run/crash/reached
  case "$how" in
    kill) kill -KILL $$ && sh -c 'kill -KILL $PPID' ;;
    hang) while :; do sleep 1; done ;;
  esac
}
mv() { point && command mv "$@"; }
sync() { point && command sync "$@"; }
