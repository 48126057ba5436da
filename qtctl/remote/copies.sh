# shellcheck shell=sh disable=SC2154
# Processes that run what services run, outside of their units: by their command lines, which all can read.

# find_copies UNIT\tPROGRAM\tMODULE\tAPP...: lines `C PID NUMBER GROUP` of each process that an interpreter runs one of them in,
# or that is one: which of them, and its control group, unless that is one of these units. PROGRAM, MODULE and APP may be
# empty. `R PID NUMBER GROUP` where it may be one, from a folder that this account cannot see. Nothing is said of any other
# process. `E` ends the list.
#
# Given: copied (copies.awk).
find_copies() {
  [ -r /proc/1/limits ] || { echo H && return; }
  found=$(grep -saz '' /proc/[0-9]*/cmdline | head -c 8000000 | tr '\0\n' '\n\1' | wanted=$(printf '%s\n' "$@") awk "$copied")
  case $found in
    *'R	'*) printf '%s\n' "$found" | locate_copies ;;
    *) printf '%s\n' "$found" ;;
  esac
}

# locate_copies: of each line `R\tPID\tNUMBER\tWORD\tPATH\tGROUP`, whether WORD is PATH where that process is.
locate_copies() {
  tab=$(printf '\t')
  while read -r line; do
    case $line in R"$tab"*) ;; *) printf '%s\n' "$line" && continue ;; esac
    IFS=$tab read -r _ pid number word path group <<END
$line
END
    if cwd=$(readlink -- "/proc/$pid/cwd"); then
      [ "$(readlink -m -- "$cwd/$word")" != "$(readlink -m -- "$path")" ] || printf 'C %s %s %s\n' "$pid" "$number" "$group"
    elif [ -d "/proc/$pid" ]; then
      printf 'R %s %s %s\n' "$pid" "$number" "$group"
    fi
  done
}
