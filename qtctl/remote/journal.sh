# shellcheck shell=sh
# The last journal lines of units.

# show_last_lines UNIT...: for each unit a line `unit NAME`, then its lines, each after a space and cut to 400 bytes.
show_last_lines() {
  # The last output of a program that has just ended may not have reached the journal yet.
  timeout 5 journalctl --sync >/dev/null 2>&1 || :
  for unit; do
    printf 'unit %s\n' "$unit"
    journalctl --unit="$unit" --lines=40 --no-pager --quiet --output=short-iso 2>&1 | cut -b 1-400 | sed 's/^/ /'
  done
}
