# shellcheck shell=sh disable=SC2086,SC2154
# The processes of units, by control group, and what each runs with. Only numbers, limits and the first word of the
# command line of a process are read.

# find_processes UNIT...: print `P PID UNIT` for each process in the control group of one of them; set `pids` to all
# pids.
find_processes() {
  found=$(grep -s '' /proc/[0-9]*/cgroup | units=" $* " awk '
    BEGIN { units = ENVIRON["units"] }
    match($0, /^\/proc\/[0-9]+\/cgroup:[0-9]+:(name=systemd)?:/) {
      pid = substr($0, 7); sub(/\/.*/, "", pid)
      count = split(substr($0, RLENGTH + 1), part, "/")
      for (n = 1; n <= count; n++) if (part[n] != "" && index(units, " " part[n] " ") && !(pid in seen)) {
        seen[pid] = 1; print "P " pid " " part[n]; if (++many == 2000) exit
      }
    }')
  printf '%s\n' "$found"
  pids=''
  for each in $found; do case $each in *[!0-9]*) ;; *) pids="$pids $each" ;; esac done
}

# show_processes UNIT...: these lines, then the contents of each process's files in /proc; `H` if /proc hides processes
# of other users.
show_processes() {
  [ -r /proc/1/limits ] || { echo H && return; }
  find_processes "$@"
  files='' lines=''
  for pid in 1 $pids; do
    files="$files /proc/$pid/status /proc/$pid/limits /proc/$pid/oom_score_adj /proc/$pid/stat"
    lines="$lines /proc/$pid/cmdline"
  done
  grep -sE '^(State|PPid|Uid|Gid|Groups|Umask|NoNewPrivs|Cpus_allowed_list):|^Max|^-?[0-9]' $files
  grep -saz -m 1 '' $lines /dev/null | tr '\0\n' '\n\1' | cut -c -300
}

# show_places UNIT...: these lines, then for each process the paths of its working directory and its program, after
# /proc/PID/cwd or exe, each ended by NUL.
show_places() {
  find_processes "$@"
  set --
  for pid in $pids; do set -- "$@" "/proc/$pid/cwd" "/proc/$pid/exe"; done
  [ $# = 0 ] || find "$@" -maxdepth 0 -printf '%p %l\0' 2>/dev/null
}
