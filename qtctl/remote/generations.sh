# shellcheck shell=sh disable=SC2154
# The generations that a host keeps. Given: base.

# list_generations: a line for each with its number, how it ended and whether it is the current one; then, indented,
# what was recorded about it. One process reads them all.
list_generations() {
  current=$(readlink -- "$base/current") || current=''
  for home in "$base"/gen/*; do
    number=${home##*/}
    case "$number" in '' | *[!0-9]*) continue ;; esac
    outcome=-
    [ ! -f "$home/outcome" ] || read -r outcome <"$home/outcome"
    is_current=-
    [ "gen/$number" != "$current" ] || is_current=current
    printf '%s %s %s\n' "$number" "$outcome" "$is_current"
  done | {
    stat -c 'at %Y %n' -- "$base"/gen/*/steps 2>/dev/null
    cat
  } | awk -v base="$base/gen/" '
    $1 == "at" { at[substr($0, length("at " $2 " ") + 1)] = $2; next }
    {
      home = base $1
      print "qtctl generation", $0
      print " at", at[home "/steps"]
      for (left = 4000; left > 0 && (getline line <(home "/about")) > 0; left -= length(line) + 1) print " " line
      for (left = 1000000; left > 0 && (getline line <(home "/steps")) > 0; left -= length(line) + 1) {
        split(line, field, "\t")
        print " step " field[2] "\t" field[3]
      }
      close(home "/about"); close(home "/steps")
    }'
}

# fetch_generation NUMBER: print its files as a tar archive in base64.
fetch_generation() {
  cd "$base" || return
  [ -f "gen/$1/files" ] || return 0
  {
    [ ! -f "gen/$1/desired.json.gz" ] || printf 'gen/%s/desired.json.gz\n' "$1"
    cut -f 2 -- "gen/$1/files" | sort -u | while IFS= read -r object; do
      [ ! -f "objects/$object" ] || printf 'objects/%s\n' "$object"
    done
  } | tar -c -f - --files-from=- | base64
}
