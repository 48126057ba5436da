# shellcheck shell=sh disable=SC2086
# The checks that a registry defines: commands, and properties of units.

# run_check SECONDS BYTES PROGRAM ARGUMENT...: run it, as the account that asks and never as root, where nobody but root
# could change the program, what interprets it, or a script that an interpreter is given. Its output, so many bytes, and
# its exit status. Where it was not run: the reason on standard error, which is otherwise empty.
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
    command -v runuser >/dev/null || refuse "it is not run as root, and there is no runuser to become $user with"
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

# check_arguments PROGRAM ARGUMENT...: whether nobody but root can change what the program may run of its arguments. Of one that
# interprets files, that is each; of one that only reads, none; of any other, what can be executed. They are taken as they
# are from /, where it is run, and so is what follows a `=`, at each colon.
check_arguments() {
  run_by=interpreted
  case ${1##*/} in
    *sh | busybox | env | python* | perl* | ruby* | node* | lua* | php* | *awk | make | java | sed | tclsh*) ;;
    run-parts) refuse "it is not run: run-parts runs whatever is in a folder" ;;
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

# is_run FILE: whether it may be run or read as a program. A folder is data, unless Python runs or searches it.
is_run() {
  if [ -d "$1" ]; then
    [ "$searched" ] || [ -e "$1/__main__.py" ]
  else
    [ -f "$1" ] && { [ -x "$1" ] || [ "$run_by" = interpreted ]; }
  fi
}

# check_safe FILE: whether nobody but root can change it, or what it leads to, or what interprets it.
check_safe() {
  real=$(readlink -e -- "$1") || refuse "$1 is not there"
  ways="/$IFS$1$IFS$real"
  for way in "${1%/*}" "${real%/*}"; do
    while [ "$way" ]; do ways="$ways$IFS$way" way=${way%/*}; done
  done
  open=$(find $ways -maxdepth 0 '(' ! -uid 0 -o ! -type l -perm /022 ')' -print 2>&1 | head -n 1)
  [ -z "$open" ] || refuse "it is not run: $open can be changed by others than root"
  # Those two ways may have links between them, to where others have their say.
  open=$(namei -l -- "$1" 2>&1) || refuse "it is not run: namei does not tell who could change $1: ${open##*"$IFS"}"
  open=$(printf '%s\n' "$open" | awk 'NR > 1 && ($2 != "root" || $1 ~ /^[^l]....w|^[^l].......w/) { print $4; exit }')
  [ -z "$open" ] || refuse "it is not run: $open, on the way to $1, can be changed by others than root"
  first=$(head -c 200 -- "$real" 2>/dev/null | tr -d '\0' | head -n 1)
  case $first in
    '#!'*)
      first=${first#??}
      first=${first# }
      [ "${first%% *}" = "$1" ] || check_safe "${first%% *}"
      ;;
  esac
}

# has_line PATH LINE: "yes" or "no", also of what is no file; where it could not be read, the reason on standard error.
has_line() {
  if [ -L "$1" ] || [ ! -f "$1" ]; then
    echo no
    return
  fi
  [ -r "$1" ] || refuse "$1: this account may not read it"
  timeout 2 grep -Fxq -e "$2" -- "$1" </dev/null 2>/dev/null && status=0 || status=$?
  case $status in
    0) echo yes ;;
    1) echo no ;;
    *) refuse "$1 could not be read in 2 s (grep: exit status $status)" ;;
  esac
}

# show_properties UNIT PROPERTY...: of each pair a line `= STATUS`, then what systemctl prints, or says.
show_properties() {
  while [ $# -gt 1 ]; do
    said=$(timeout 2 systemctl show -p "$2" -- "$1" 2>&1) && status=0 || status=$?
    printf '= %s\n%.2000s\n' "$status" "$said"
    shift 2
  done
}
