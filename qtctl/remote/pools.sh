# shellcheck shell=sh disable=SC2154,SC2034
# Pools: instances of a template of which only some may be down at once. They are restarted in parts: the next part
# begins once the last one is up again.
#
# Given: transaction.sh, home, with the files `baseline` and `pools`. A line of `pools`: UNIT TAB POOL TAB LIMIT TAB
# PORTS, where PORTS are the TCP ports on which it must listen to be up, separated by commas, or -.

up_s=2

# choose_part ROWS KNOWN: divide rows, NUMBER TAB UNIT, into `part`, which is restarted now, `later`, and `anew`, which
# systemd has restarted along with others since KNOWN: lines UNIT TAB INVOCATION. `waits`: units to wait for afterwards.
#
# Units that are in no pool, or down anyway, are restarted now, and of each pool at least one, so that this ends.
choose_part() {
  part=$1 later='' anew='' waits=''
  [ -s "$home/pools" ] || return 0
  # shellcheck disable=SC2046 # names of units have no blanks
  there=$(show_units $(cut -f 1 -- "$home/pools")) || return 1
  divided=$(
    {
      sed "s/^/pool$tab/" -- "$home/pools"
      printf '%s\n' "$2" | sed "s/^/known$tab/"
      printf '%s\n' "$there" | sed "s/^/now$tab/"
      printf '%s\n' "$1" | sed "s/^/row$tab/"
    } | awk -F '\t' -v OFS='\t' '
      $1 == "pool" { pool[$2] = $3; limit[$3] = $4; next }
      $1 == "known" { known[$2] = $3; next }
      $1 == "now" {
        up[$2] = $4 ~ /^(active|reloading|refreshing)$/
        if (!up[$2]) down[pool[$2]]++
        invocation[$2] = $6
        next
      }
      $3 == "" { next }
      !($3 in pool) || !up[$3] { print "part", $2, $3; next }
      ($3 in known) && known[$3] != invocation[$3] { print "anew", $2, $3; next }
      { of = pool[$3] }
      taken[of] && taken[of] + down[of] >= limit[of] { print "later", $2, $3; next }
      { taken[of]++; print "part", $2, $3; print "wait", $3 }'
  )
  part=$(printf '%s\n' "$divided" | sed -n "s/^part$tab//p")
  later=$(printf '%s\n' "$divided" | sed -n "s/^later$tab//p")
  anew=$(printf '%s\n' "$divided" | sed -n "s/^anew$tab//p")
  waits=$(printf '%s\n' "$divided" | sed -n "s/^wait$tab//p")
}

# await_part SECONDS: wait until the units of `waits` have been up for a while, and listen. False, with the first of the
# others in `fallen`, if one ends, if systemd restarts them again and again, or if it takes longer than that.
await_part() {
  # shellcheck disable=SC2086
  set -- "$1" $waits
  within_s=$1 restarts=-1 last='' fallen=''
  shift
  read_uptime
  began=$uptime since=$uptime
  while [ $# -gt 0 ]; do
    there=$(show_units "$@") || return 1
    read_uptime
    now=$(printf '%s\n' "$there" | cut -f 5)
    [ "$now" = "$last" ] || { restarts=$((restarts + 1)) last=$now since=$uptime; }
    fallen=$(printf '%s\n' "$there" | awk -F '\t' '$3 == "failed" || $3 == "inactive" { print $1; exit }')
    [ -z "$fallen" ] || return 1
    fallen=$(printf '%s\n' "$there" | awk -F '\t' '$3 != "active" { print $1; exit }')
    [ -n "$fallen" ] || fallen=$(find_deaf "$@")
    if [ "$restarts" -gt 3 ] || [ $((uptime - began)) -ge "$within_s" ]; then
      fallen=${fallen:-$1}
      return 1
    fi
    [ -z "$fallen" ] || since=$uptime
    [ $((uptime - since)) -lt "$up_s" ] || return 0
    sleep 0.3
  done
}

# find_deaf UNIT...: print the first of them that does not listen on all of its ports.
find_deaf() {
  command -v ss >/dev/null || return 0
  heard=" $(ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }' | tr '\n' ' ')"
  for unit; do
    ports=$(awk -F '\t' -v unit="$unit" '$1 == unit && $4 != "-" { print $4 }' "$home/pools" | tr ',' ' ')
    for port in $ports; do
      case $heard in *" $port "*) ;; *) printf '%s\n' "$unit" && return ;; esac
    done
  done
}
