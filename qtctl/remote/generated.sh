# shellcheck shell=sh disable=SC2154
# Files with qtctl's mark, and links, in folders and one level below.
#
# Given: mark, most (KiB: larger files are not read).

# find_generated FOLDER...: `path NUL target NUL` for each link, then NUL, then `sha256  path NUL` for each marked file,
# then NUL, then `path NUL EnvironmentFile=... NUL` for each such line of a unit or drop-in, whoever wrote it. Only the
# first line of other files is read, so no secret is digested.
find_generated() {
  find "$@" -mindepth 1 -maxdepth 2 -type l -printf '%p\0%l\0'
  printf '\0'
  find "$@" -mindepth 1 -maxdepth 2 -type f -readable -size "-${most}k" \
    -exec sed -s -n "1{/^$mark/F}" -- '{}' + 2>/dev/null | tr '\n' '\0' | xargs -0 -r sha256sum -z --
  printf '\0'
  find "$@" -mindepth 1 -maxdepth 2 -type f -readable -size "-${most}k" \
    '(' -name '*.service' -o -name '*.socket' -o -name '*.mount' -o -name '*.swap' -o -name '*.conf' ')' \
    -exec grep -sHZ '^EnvironmentFile=' -- '{}' + 2>/dev/null | tr '\n' '\0'
}
