# shellcheck shell=sh disable=SC2154
# Which transaction is under way, and whose it is, once nobody is staging any more. Given: base.
find_transaction() {
  [ -f "$base/lock" ] || return 0
  exec 9>>"$base/lock"
  flock -w 10 9
  for each in "$base"/tx/*; do
    [ ! -f "$each" ] || printf 'qtctl state %s\nqtctl number %s\n' "${each##*/}" "$(head -c 20 -- "$each")"
  done
  [ ! -f "$base/holder" ] || printf 'qtctl holder %s\n' "$(head -c 200 -- "$base/holder")"
}
