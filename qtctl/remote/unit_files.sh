# shellcheck shell=sh disable=SC2154
# Unit files as one tar. A file that is too large is left out, and named on standard error as tar names unreadable
# files.
#
# Given: largest (KiB), too_large (the reason to print).

# pack_folders FOLDER...: pack the folders, relative to /, that exist; print nothing if none does.
pack_folders() {
  for each; do
    shift
    [ ! -d "/$each" ] || set -- "$@" "$each"
  done
  [ $# -gt 0 ] || exit 0
  cd / || exit
  find "$@" -type f -size "+${largest}k" -exec printf "tar: %s: Cannot take: $too_large\\n" '{}' + >&2
  find "$@" -type f -size "+${largest}k" 2>/dev/null | archive -- "$@"
}

# pack_files FILE...: pack the files, relative to /, with links followed; of a folder, the drop-ins in it.
pack_files() {
  cd / || exit
  for each; do
    shift
    if [ -d "$each" ]; then
      for dropin in "$each"/*.conf; do [ ! -e "$dropin" ] || set -- "$@" "$dropin"; done
    else
      set -- "$@" "$each"
    fi
  done
  [ $# -gt 0 ] || exit 0
  find_large tell "$@" >&2
  find_large name "$@" 2>/dev/null | archive -h -- "$@"
}
find_large() {
  how=$1
  shift
  for each; do
    shift
    # Absolute, so that find takes no name that came from the host for an option such as -delete.
    set -- "$@" "/$each"
  done
  case $how in
    tell) find -L "$@" -maxdepth 0 -type f -size "+${largest}k" -exec printf "tar: %s: Cannot take: $too_large\\n" '{}' + ;;
    name) find -L "$@" -maxdepth 0 -type f -size "+${largest}k" ;;
  esac
}

# archive [-h] -- NAME...: leave out the paths on standard input, which are as find prints them.
archive() { sed 's|^/||' | tar --anchored --no-wildcards -X - -cf - "$@"; }
