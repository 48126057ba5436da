# shellcheck shell=sh
# Whether this host was prepared, seen by the account that logs in.

# helper_look HELPER FOLDER...: the account's number; of each folder and at last of the helper its mode (hexadecimal),
# owner and path, or nothing where it is not there; and the helper's first lines.
helper_look() {
  helper=$1
  shift
  printf 'uid %s\n' "$(id -u)"
  stat -c 'at %f %u %U:%G %n' -- "$@" "$helper" 2>/dev/null
  [ -L "$helper" ] || [ ! -f "$helper" ] || head -c 400 -- "$helper" 2>/dev/null | head -n 4
}
