# shellcheck shell=sh disable=SC2086
# The checks that a registry defines: commands, and properties of units.

# run_check SECONDS BYTES PROGRAM ARGUMENT...: run the program as the account that asks and never as root, and only if
# nobody but root can change it, its interpreter, or a script that an interpreter is given. Print at most BYTES of its
# output, and exit with its status. If it is not run, standard error says why; otherwise that is empty.
run_check() {
  seconds=$1 bytes=$2
  shift 2
  IFS='
'
  set -f
  check_safe "$1"
  check_arguments "$@"
  drop=''
  if [ "$(id -u)" = 0 ]; then
    user=${SUDO_USER:-nobody}
    [ "$(id -u -- "$user" 2>/dev/null || echo 0)" != 0 ] || user=nobody
    command -v runuser >/dev/null || refuse "it is not run as root, and runuser, which would run it as $user, is not installed"
    drop="runuser${IFS}-u${IFS}$user${IFS}--"
  fi
  {
    status=$({ {
      run_bounded "$@" 3>&- 4>&-
      echo $? >&3
    } | { head -c "$bytes"; cat >/dev/null; } >&4; } 3>&1)
  } 4>&1
  exit "$status"
}
run_bounded() {
  cd / && $drop timeout -k 1 "$seconds" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@" </dev/null 2>&1
}
refuse() {
  echo "$1" >&2
  exit 1
}

# check_arguments PROGRAM ARGUMENT...: refuse if anyone but root can change an argument that the program may run. An
# interpreter may run any file it is given, a program that only reads files none of them, and any other program those
# that are executable. Relative paths count from /, where the program runs. What follows a `=` is split at colons and
# checked too.
check_arguments() {
  run_by=interpreted
  case ${1##*/} in
    *sh | busybox | env | python* | perl* | ruby* | node* | lua* | php* | *awk | make | java | sed | tclsh*) ;;
    run-parts) refuse "it is not run: run-parts runs every file of a folder" ;;
    test | '[' | stat | ls | cat | head | tail | wc | grep | file | cmp | diff | readlink | realpath | *sum) return 0 ;;
    *) run_by=executed ;;
  esac
  shift
  for word; do
    case $run_by:$word in interpreted:*=*) searched=yes ;; *) searched='' ;; esac
    IFS=:
    for part in ${word#*=}; do
      IFS='
'
      case $part in /*) ;; *) part=/$part ;; esac
      if is_run "$part"; then check_safe "$part"; fi
    done
    IFS='
'
  done
}

# is_run FILE: whether the program may run or interpret the file. A folder is data, unless Python runs or searches it.
is_run() {
  if [ -d "$1" ]; then
    [ "$searched" ] || [ -e "$1/__main__.py" ]
  else
    [ -f "$1" ] && { [ -x "$1" ] || [ "$run_by" = interpreted ]; }
  fi
}

# check_safe FILE: refuse if anyone but root can change the file, the target of the link, or the interpreter.
check_safe() {
  real=$(readlink -e -- "$1") || refuse "$1 does not exist"
  ways="/$IFS$1$IFS$real"
  for way in "${1%/*}" "${real%/*}"; do
    while [ "$way" ]; do ways="$ways$IFS$way" way=${way%/*}; done
  done
  open=$(find $ways -maxdepth 0 '(' ! -uid 0 -o ! -type l -perm /022 ')' -print 2>&1 | head -n 1)
  [ -z "$open" ] || refuse "it is not run: $open can be changed by accounts other than root"
  # There may be more links between the first and the last path, in folders that others can change.
  open=$(namei -l -- "$1" 2>&1) || refuse "it is not run: namei does not say who could change $1: ${open##*"$IFS"}"
  open=$(printf '%s\n' "$open" | awk 'NR > 1 && ($2 != "root" || $1 ~ /^[^l]....w|^[^l].......w/) { print $4; exit }')
  [ -z "$open" ] || refuse "it is not run: $open, on the way to $1, can be changed by accounts other than root"
  first=$(head -c 200 -- "$real" 2>/dev/null | tr -d '\0' | head -n 1)
  case $first in
    '#!'*)
      first=${first#??}
      first=${first# }
      [ "${first%% *}" = "$1" ] || check_safe "${first%% *}"
      ;;
  esac
}

# has_line PATH LINE: print yes or no; no if it is not a file. If it cannot be read, standard error says why.
has_line() {
  if [ -L "$1" ] || [ ! -f "$1" ]; then
    echo no
    return
  fi
  [ -r "$1" ] || refuse "$1 cannot be read by this account"
  timeout 2 grep -Fxq -e "$2" -- "$1" </dev/null 2>/dev/null && status=0 || status=$?
  case $status in
    0) echo yes ;;
    1) echo no ;;
    *) refuse "$1 could not be read in 2 s (grep: exit status $status)" ;;
  esac
}

# show_properties [UNIT PROPERTY]...: for each pair a line `= STATUS`, then the output or the error of systemctl.
show_properties() {
  while [ $# -gt 1 ]; do
    said=$(timeout 2 systemctl show -p "$2" -- "$1" 2>&1) && status=0 || status=$?
    printf '= %s\n%.2000s\n' "$status" "$said"
    shift 2
  done
}
