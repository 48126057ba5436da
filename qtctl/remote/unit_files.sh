# shellcheck shell=sh disable=SC2154
# Unit files as one tar of what is not too large; of what is, a line as tar tells of what it cannot read.
#
# Given: largest (KiB), too_large (why it is not taken).

# pack_folders FOLDER...: below /, those of them that are there. Nothing where none is.
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

# pack_files FILE...: below /, links followed. Of a folder the drop-ins in it.
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
    # Absolute, so that none of them, which the host named, is taken for an option: find can delete.
    set -- "$@" "/$each"
  done
  case $how in
    tell) find -L "$@" -maxdepth 0 -type f -size "+${largest}k" -exec printf "tar: %s: Cannot take: $too_large\\n" '{}' + ;;
    name) find -L "$@" -maxdepth 0 -type f -size "+${largest}k" ;;
  esac
}

# archive [-h] -- NAME...: but for the paths on standard input, as find prints them.
archive() { sed 's|^/||' | tar --anchored --no-wildcards -X - -cf - "$@"; }
