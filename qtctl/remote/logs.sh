# shellcheck shell=sh disable=SC2034,SC2064,SC3045
# The journal lines of units, for a caller who first asks for the time and then says which lines it wants.

# attend_logs MOST FOLLOW ARGUMENT...: answer each line `clock` on standard input with nanoseconds since the epoch, until
# a line `go SINCE UNTIL` (seconds since the epoch; - for no limit) or `after CURSOR` comes. Then one word: `refused GROUP`,
# `none` if there is no journal, or `plain` or `gzip`, which is how the rest is sent: what `journalctl ARGUMENT...` prints,
# at most MOST bytes of it, and its exit status. Ends when standard input does.
attend_logs() {
  qtctl_most=$1 qtctl_follow=$2
  shift 2
  printf 'qtctl: begins\n'
  while read -r qtctl_word qtctl_since qtctl_until; do
    case $qtctl_word in
      clock) date +%s%N ;;
      go)
        [ "$qtctl_since" = - ] || set -- "$@" "--since=@$qtctl_since"
        [ "$qtctl_until" = - ] || set -- "$@" "--until=@$qtctl_until"
        break
        ;;
      after)
        set -- "$@" --no-tail "--after-cursor=$qtctl_since"
        break
        ;;
      *) exit 0 ;;
    esac
  done
  exec 3<&0 </dev/null
  (while read -r qtctl_line; do :; done; kill -KILL 0) <&3 >/dev/null 2>&1 &
  # Otherwise it would keep the other end from seeing the end.
  trap "kill $!" 0
  exec 3<&-
  ulimit -c 0
  find_journal || return 0
  if [ "$qtctl_follow" = yes ]; then
    echo plain
    list_lines "$@"
  elif command -v gzip >/dev/null; then
    echo gzip
    list_lines "$@" | head -c "$qtctl_most" | gzip -1
  else
    echo plain
    list_lines "$@" | head -c "$qtctl_most"
  fi
}

list_lines() {
  journalctl "$@" 2>&1
  printf 'exit %s\n' $?
}

# find_journal: whether this account may read the journal of the system; if not, say why.
find_journal() {
  qtctl_group=
  for qtctl_folder in /var/log/journal /run/log/journal; do
    for qtctl_file in "$qtctl_folder" "$qtctl_folder"/*/system.journal; do
      [ -e "$qtctl_file" ] || continue
      if [ ! -r "$qtctl_file" ]; then
        qtctl_group=$(stat -c %G "$qtctl_folder")
      elif [ -f "$qtctl_file" ]; then
        return 0
      fi
    done
  done
  if [ -n "$qtctl_group" ]; then echo "refused $qtctl_group"; else echo none; fi
  return 1
}
