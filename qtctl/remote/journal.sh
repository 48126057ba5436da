# shellcheck shell=sh
# The last lines that the journal has of units, which are the arguments of `last_lines`.
# For each: a line `unit NAME`, then its lines, each after a space. A line is cut after 400 bytes.

last_lines() {
  for unit; do
    printf 'unit %s\n' "$unit"
    journalctl --unit="$unit" --lines=40 --no-pager --quiet --output=short-iso 2>&1 | cut -b 1-400 | sed 's/^/ /'
  done
}
