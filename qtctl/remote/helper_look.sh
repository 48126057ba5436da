# shellcheck shell=sh
# Whether this host was prepared, as the account that logs in sees it.

# helper_look HELPER FOLDER...: print the account's uid; mode (hexadecimal), owner and path of each folder and then of
# the helper, as far as they exist; and the helper's first lines.
helper_look() {
  helper=$1
  shift
  printf 'uid %s\n' "$(id -u)"
  stat -c 'at %f %u %U:%G %n' -- "$@" "$helper" 2>/dev/null
  [ -L "$helper" ] || [ ! -f "$helper" ] || head -c 400 -- "$helper" 2>/dev/null | head -n 4
}
