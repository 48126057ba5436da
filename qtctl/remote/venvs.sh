# shellcheck shell=sh disable=SC2086
# examine_venvs SECONDS BYTES SAY VENV...: where each bin/python leads; what each interpreter of the system prints when
# it runs SAY, for at most SECONDS; the first BYTES of other programs.
#
# Lines: where each leads, in order, a newline in a path as \1. Then for each executable file that one leads to: `ran`,
# exit status, path, output; or `head`, first bytes, path. `self`: the first bytes of a program of this host. `at`: what
# find says of each part of their paths. `is`: number of the venv, what was found, mode, message. `lib`: number of the
# venv, one of its library folders. `cfg`: the version lines of pyvenv.cfg, after path and colon. `new`: when the newest
# record of a package changed, its library folder, path.
#
# What may be run is decided here by a stricter rule than the one in qtctl/meaning/access.py, which judges it again.
examine_venvs() {
  seconds=$1 bytes=$2 program=$3
  shift 3
  leads=$(resolve_pythons "$@" | tr '\n\0' '\1\n')
  printf '%s\n' "$leads"
  set -f
  IFS='
'
  soh=$(printf '\1') ways=/ odd=''
  for target in $(printf '%s\n' "$leads" | sort -u); do
    case $target in *"$soh"*) continue ;; esac
    if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
    way=$target
    while [ "$way" ]; do ways="$ways$IFS$way" way=${way%/*}; done
    look "$target"
  done
  [ -z "$odd" ] || printf 'self\t%s\n' "$(exec od -A n -v -t x1 -N "$bytes" "-w$bytes" /proc/self/exe)"
  find $ways -maxdepth 0 -printf 'at\t%y\t%U\t%G\t%m\t%u\t%g\t%p\n' 2>/dev/null
  number=0
  for each; do
    report_state "$each"
    list_libraries "$each"
    number=$((number + 1))
  done
}

# resolve_pythons VENV...: where their interpreters lead, each ended by NUL. Ends the subshell that it runs in.
resolve_pythons() {
  for each; do
    shift
    set -- "$@" "$each/bin/python"
  done
  exec readlink -z -m -- "$@"
}

# look FILE: run it, or read its first bytes.
look() {
  if may_run "$1"; then
    out=$(exec env -i timeout -k 1 "$seconds" "$1" -I -S -E -B -c "$program" 2>&1) && code=0 || code=$?
    printf 'ran\t%s\t%s\t%.200s\n' "$code" "$1" "${out%%"$IFS"*}"
  else
    odd=1
    printf 'head\t%s\t%s\n' "$(exec timeout -k 1 1 od -A n -v -t x1 -N "$bytes" "-w$bytes" -- "$1" 2>&1)" "$1"
  fi
}
may_run() {
  case ${1##*/} in *[!a-z0-9.]*) return 1 ;; python* | pypy*) ;; *) return 1 ;; esac
  case $1 in /bin/*/* | /usr/bin/*/*) return 1 ;; /bin/* | /usr/bin/*) ;; *) return 1 ;; esac
  [ -z "$(find / /usr /usr/lib "${1%/*}" "$1" -maxdepth 0 '(' ! -uid 0 -o -perm /022 ')' -print 2>&1)" ]
}

# report_state VENV: print whether it has an interpreter that can be executed, or what is wrong.
report_state() {
  python=$1/bin/python mode='' out=''
  if [ -f "$python" ] && [ -x "$python" ]; then state=program
  elif ! out=$(exec stat -L -c %F -- "$1" 2>&1); then state=venv
  elif [ "$out" != directory ]; then state=other
  elif ! out=$(exec stat -- "$python" 2>&1); then state='link'
  elif ! out=$(exec stat -L -c '%a %F' -- "$python" 2>&1); then state=target
  else state=mode mode=${out%% *} out=${out#* }; fi
  printf 'is\t%s\t%s\t%s\t%.200s\n' "$number" "$state" "$mode" "${out%%"$IFS"*}"
}

# list_libraries VENV: the names of its library folders.
list_libraries() {
  set +f
  for lib in "$1"/lib/python*; do [ ! -d "$lib" ] || printf 'lib\t%s\t%.80s\n' "$number" "${lib##*/}"; done
  set -f
}

# report_made VENV...: the Python version in each pyvenv.cfg, and the newest record of a package.
report_made() {
  for each; do
    shift
    set -- "$@" "$each/pyvenv.cfg"
  done
  timeout -k 1 2 find "$@" -maxdepth 0 -type f -size -9 -readable \
    -exec grep -a -H -m 4 -E '^version(_info)? *=' -- '{}' + 2>/dev/null | cut -c -4300 | sed 's/^/cfg	/'
  for each; do
    shift
    set -- "$@" "${each%/pyvenv.cfg}/lib"
  done
  timeout -k 1 3 find "$@" -mindepth 3 -maxdepth 3 -name '*.dist-info' -path '*/site-packages/*' \
    -printf 'new\t%T@\t%H\t%p\n' 2>/dev/null | awk -F '\t' 'NF == 4 && $2 + 0 > at[$3] + 0 { at[$3] = $2; row[$3] = $0 }
      END { for (each in row) print row[each] }'
}
examine_venvs "$@"
shift 3
report_made "$@"
