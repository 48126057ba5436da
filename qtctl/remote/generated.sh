# shellcheck shell=sh disable=SC2154
# Files that carry qtctl's mark, and links, in folders and in the folders in them.
#
# Given: mark, most (KiB: larger files are not read).

# find_generated FOLDER...: `path NUL target NUL` of each link, then NUL, then `sha256  path NUL` of each marked file. Only
# marked files are read further than their first line: no digest of anybody's secret is made.
find_generated() {
  find "$@" -mindepth 1 -maxdepth 2 -type l -printf '%p\0%l\0'
  printf '\0'
  find "$@" -mindepth 1 -maxdepth 2 -type f -readable -size "-${most}k" \
    -exec sed -s -n "1{/^$mark/F}" -- '{}' + 2>/dev/null | tr '\n' '\0' | xargs -0 -r sha256sum -z --
}
