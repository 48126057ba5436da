# shellcheck shell=sh
# The last lines that the journal has of units, which are the arguments of `last_lines`.
# For each: a line `unit NAME`, then its lines, each after a space. A line is cut after 400 bytes.

show_last_lines() {
  # What a program said just before it ended may still be on its way to the journal.
  timeout 5 journalctl --sync >/dev/null 2>&1 || :
  for unit; do
    printf 'unit %s\n' "$unit"
    journalctl --unit="$unit" --lines=40 --no-pager --quiet --output=short-iso 2>&1 | cut -b 1-400 | sed 's/^/ /'
  done
}
