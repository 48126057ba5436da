# shellcheck shell=sh disable=SC2154
# The generations that a host keeps. Given: base.

# list_generations: a line for each with its number, how it ended and whether it is the current one, and then, indented,
# what was noted of it.
list_generations() {
  current=$(readlink -- "$base/current") || current=''
  for home in "$base"/gen/*; do
    number=${home##*/}
    case "$number" in '' | *[!0-9]*) continue ;; esac
    outcome=-
    [ ! -f "$home/outcome" ] || read -r outcome <"$home/outcome"
    is_current=-
    [ "gen/$number" != "$current" ] || is_current=current
    printf 'qtctl generation %s %s %s\n' "$number" "$outcome" "$is_current"
    printf ' at %s\n' "$(stat -c %Y -- "$home/steps" 2>/dev/null)"
    head -c 4000 -- "$home/about" 2>/dev/null | sed 's/^/ /'
    head -c 1000000 -- "$home/steps" 2>/dev/null | cut -f 2,3 | sed 's/^/ step /'
  done
}

# fetch_generation NUMBER: print its files, as a tar archive in base64.
fetch_generation() {
  cd "$base" || return
  [ -f "gen/$1/desired.json.gz" ] || return 0
  {
    printf 'gen/%s/desired.json.gz\n' "$1"
    cut -f 2 -- "gen/$1/files" | sort -u | while IFS= read -r object; do
      [ ! -f "objects/$object" ] || printf 'objects/%s\n' "$object"
    done
  } | tar -c -f - --files-from=- | base64
}
