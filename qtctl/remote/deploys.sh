# shellcheck shell=sh disable=SC2154
# What a host keeps of its deploys, for an audit. Given: damaged.sh, base.

# show_deploys: the current boot and uptime; for root also `damage WHAT` if the record of a transaction is damaged; then
# what everybody may read. Exit status 3: there was no deploy.
show_deploys() {
  find_damage
  [ -f "$base/status" ] || [ -n "$damage" ] || exit 3
  read -r boot </proc/sys/kernel/random/boot_id
  read -r uptime _ </proc/uptime
  printf '%s %s\n' "$boot" "${uptime%.*}"
  [ -z "$damage" ] || printf 'damage %s\n' "$damage"
  [ -f "$base/status" ] || { printf 'format 1\n' && exit; }
  exec head -c 1000000 -- "$base/status"
}

# list_kept_generations: for root. Lines: `T WHAT` if the record of a transaction is damaged; `G NUMBER` for each
# generation that can be rolled back to, and `D NUMBER WHAT` for each part of it that is missing or damaged. Exit status 3:
# there is none.
list_kept_generations() {
  [ -d "$base/gen" ] || exit 3
  find_damage
  [ -z "$damage" ] || printf 'T %s\n' "$damage"
  damaged=$(cd -- "$base/objects" && find . -maxdepth 1 -type f -size -64M -name '[0-9a-f]*' -exec sha256sum -- {} + |
    while read -r sum name; do [ "./$sum" = "$name" ] || printf '%s ' "${name#./}"; done)
  for home in "$base"/gen/*; do
    outcome=''
    [ ! -f "$home/outcome" ] || read -r outcome <"$home/outcome"
    case "$outcome" in
      confirmed) parts='steps files units about journal desired.json.gz' ;;
      found) parts='steps files about' ;;
      *) continue ;;
    esac
    echo "G ${home##*/}"
    for part in $parts; do
      [ -s "$home/$part" ] || [ "$part" = steps ] && [ -f "$home/$part" ] || echo "D ${home##*/} $part"
    done
    [ "$outcome" = found ] || gzip -tq -- "$home/desired.json.gz" 2>/dev/null || echo "D ${home##*/} desired.json.gz"
    while read -r path sha _; do
      case " $damaged" in *" $sha "*) printf 'D %s %s\n' "${home##*/}" "$path" && continue ;; esac
      [ -f "$base/objects/$sha" ] || printf 'D %s %s\n' "${home##*/}" "$path"
    done <"$home/files"
  done 2>/dev/null | head -n 2000
}
