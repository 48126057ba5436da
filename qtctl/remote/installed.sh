# shellcheck shell=sh disable=SC2154
# What is installed in folders of a host, as root. Given: most (largest answer in bytes).

# list_installed ROOT... -- FILE...: type, mode, user, group, size, time, path and link target of each file, and of
# everything in the first two levels of each root. Path and link target end with a NUL.
list_installed() { list_all "$@" | head -c "$most"; }

list_all() {
  depth=2
  for each; do
    [ "$each" != -- ] || { depth=0 && continue; }
    [ -e "$each" ] || [ -L "$each" ] || continue
    if [ "$depth" = 2 ]; then list_path -H "$each" -mindepth 1; else list_path "$each"; fi || return
  done
  printf 'end\0\0'
}
list_path() { find "$@" -maxdepth "$depth" -printf '%y\t%m\t%u\t%g\t%s\t%T@\t%p\0%l\0'; }
