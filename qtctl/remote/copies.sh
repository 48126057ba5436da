# shellcheck shell=sh disable=SC2154
# Processes that run what services run, but outside of their units: by their command lines, which everybody can read.

# find_copies UNIT\tPROGRAM\tMODULE\tAPP...: a line `C PID NUMBER GROUP` for each process that runs one of them,
# directly or in an interpreter: the number of the argument, and the process's control group, unless that is one of
# these units. PROGRAM, MODULE and APP may be empty. `R PID NUMBER GROUP`: it may be one, started by a relative path in
# a folder that this account cannot see. No other process is mentioned. `E` ends the list.
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

# locate_copies: for each line `R\tPID\tNUMBER\tWORD\tPATH\tGROUP`, check whether WORD is PATH in that process's working
# folder.
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
