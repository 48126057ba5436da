# shellcheck shell=sh
# The last journal lines of units, as the account that looks may read them.

# may_read_journal: whether this account may read what units of the system wrote. Files of accounts alone do not count.
may_read_journal() {
  for each in /var/log/journal/*/system.journal /run/log/journal/*/system.journal; do
    [ ! -r "$each" ] || return 0
  done
  return 1
}

# tell_last_lines COUNT UNIT...: `readable` or `denied`; then as show_last_lines (journal.sh), without waiting for what
# has not reached the journal yet.
tell_last_lines() {
  if ! may_read_journal; then
    echo denied
    return
  fi
  echo readable
  count=$1
  shift
  for unit; do
    printf 'unit %s\n' "$unit"
    timeout -k 1 10 journalctl --unit="$unit" --lines="$count" --no-pager --quiet --output=short-iso 2>&1 | cut -b 1-400 | sed 's/^/ /'
  done
}
