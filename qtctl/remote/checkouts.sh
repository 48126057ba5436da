# shellcheck shell=sh disable=SC2086,SC2154
# Git checkouts, read as files: HEAD and what it refers to, the commit, the index, and the type, mode, size and times of
# each file. git itself is not run: a checkout's config can make it run anything.
#
# Given: most_index, most_list, most_text (bytes).

# show_checkouts FOLDER...: for each a line `=`, then lines that begin with a letter.
show_checkouts() {
  for top; do
    echo '='
    if ! owner=$(stat -c '%U' -- "$top" 2>&1); then
      printf 'e %.300s\n' "$owner"
    elif [ ! -d "$top" ]; then
      echo 'e Not a directory'
    elif [ ! -x "$top" ] || [ ! -r "$top" ]; then
      echo 'e Permission denied'
    else
      printf 'o %s\n' "$owner"
      show_checkout
    fi
  done
}

show_checkout() {
  own=$top/.git
  if [ -f "$own" ]; then
    line=$(read_first_line "$own") line=${line#gitdir: }
    case $line in /*) own=$line ;; *) own=$top/$line ;; esac
  elif [ ! -e "$own" ]; then
    return
  fi
  printf 'g %s\n' "$own"
  if [ ! -d "$own" ] || [ ! -x "$own" ]; then printf 's %s\n' "$own" && return; fi
  common=$own
  if [ -f "$own/commondir" ]; then
    common=$(read_first_line "$own/commondir")
    case $common in /*) ;; *) common=$own/$common ;; esac
  fi
  printf 'c %s\n' "$common"
  if [ ! -r "$own/HEAD" ] || [ ! -x "$common" ]; then printf 's %s\n' "$own/HEAD" && return; fi
  head=$(read_first_line "$own/HEAD")
  printf 'H %s\n' "$head"
  follow_ref "$head"
  show_settings
  case $id in *[!0-9a-f]* | '') ;; *) [ ${#id} -ne 40 ] || show_commit ;; esac
  show_index
  list_files
}

# read_first_line FILE: print its first line, if it is a regular file and not a link.
read_first_line() { [ ! -f "$1" ] || [ -L "$1" ] || head -c "$most_text" -- "$1" 2>/dev/null | tr '\0\1' '..' | head -n 1; }

# follow_ref TEXT: set `id` to the commit that the reference leads to.
follow_ref() {
  id=$1 depth=0
  while :; do
    case $id in 'ref: '*) ref=${id#ref: } id='' ;; *) return ;; esac
    depth=$((depth + 1))
    case $ref in *..* | /* | *[!A-Za-z0-9_./@+-]*) return ;; refs/?*) [ "$depth" -lt 6 ] || return ;; *) return ;; esac
    for each in "$own/$ref" "$common/$ref"; do [ "$id" ] || id=$(read_first_line "$each"); done
    if [ -z "$id" ] && [ -f "$common/packed-refs" ] && [ ! -L "$common/packed-refs" ]; then
      id=$(grep -a -F -- " $ref" "$common/packed-refs" | awk -v r="$ref" '$2 == r { print $1; exit }')
    fi
    printf 'R %s %s\n' "$ref" "$id"
  done
}

# show_settings: print only the settings that say how files are compared, and section names: others may hold passwords.
show_settings() {
  if [ -f "$common/config" ] && [ ! -L "$common/config" ]; then
    head -c "$most_text" -- "$common/config" 2>/dev/null |
      sed -n -E '/^[[:space:]]*\[/{s/^[[:space:]]*\[[[:space:]]*([A-Za-z]*).*/k [\1]/p;d;}
        s/^[[:space:]]*(([Ff]ile[Mm]ode|[Aa]uto[Cc][Rr][Ll][Ff]|[Oo]bject[Ff]ormat|[Rr]ef[Ss]torage)[[:space:]]*=[[:space:]]*[A-Za-z0-9]*).*/k \1/p'
  fi
  for each in "$top/.gitattributes" "$common/info/attributes"; do
    [ ! -f "$each" ] || [ ! -r "$each" ] || ! grep -q -E 'filter=|ident|encoding=|eol=crlf' -- "$each" || echo a
  done
}

# show_commit: print how the commit's object begins, from its own file or from a pack.
show_commit() {
  rest=${id#??} two=${id%"${id#??}"}
  if [ -f "$common/objects/$two/$rest" ]; then
    printf 'l %s\n' "$(head -c 4096 -- "$common/objects/$two/$rest" 2>/dev/null | base64 -w 0)"
    return
  fi
  packs=0
  for pack in "$common"/objects/pack/*.idx; do
    packs=$((packs + 1))
    [ "$packs" -le 50 ] && [ -r "$pack" ] && show_packed && return
  done
}

# show_packed: print the object if this pack has it. A pack's index has a table by first byte, then all ids in order,
# then checksums and offsets.
show_packed() {
  table=$(od -A n -v -t u1 -w4 -j 8 -N 1024 -- "$pack" 2>/dev/null | awk -v f=$((0x$two)) '
    { n = (($1 * 256 + $2) * 256 + $3) * 256 + $4 } NR == f { from = n } NR == f + 1 { to = n }
    END { print from + 0, to - from, n }')
  from=${table%% *} all=${table##* } count=${table#* } count=${count% *}
  case $count in '' | 0 | -* | ???????*) return 1 ;; esac
  at=$(od -A n -v -t x1 -w20 -j $((1032 + 20 * from)) -N $((20 * count)) -- "$pack" | tr -d ' ' | grep -n -x -m 1 "$id")
  [ "$at" ] || return 1
  at=$((1032 + 24 * all + 4 * (from + ${at%%:*} - 1)))
  at=$(od -A n -v -t u1 -w4 -j "$at" -N 4 -- "$pack" | awk '{ printf "%.0f", (($1 * 256 + $2) * 256 + $3) * 256 + $4 }')
  [ "$at" -lt 2147483648 ] || return 0
  printf 'q %s\n' "$(tail -c +$((at + 1)) -- "${pack%.idx}.pack" 2>/dev/null | head -c 4096 | base64 -w 0)"
}

show_index() {
  [ ! -L "$own/index" ] || { echo 'x the index is a link' && return; }
  [ -e "$own/index" ] || return 0
  [ -r "$own/index" ] || { echo 'x the index cannot be read by the auditing account' && return; }
  size=$(find "$own/index" -maxdepth 0 -type f -printf '%s %T@')
  [ "${size%% *}" -le "$most_index" ] 2>/dev/null || { echo "x the index is larger than $most_index bytes" && return; }
  printf 'i %s %s\n' "${size#* }" "$(gzip -1 -c <"$own/index" | base64 -w 0)"
}

# list_files: print type, mode, size and times of every file below except git's own, and which folders cannot be read.
list_files() {
  printf 't %s\n' "$(cd "$top" && {
    timeout -k 1 4 find . -mindepth 1 -name .git -prune -o -type d '(' ! -readable -o ! -executable ')' -prune \
      -printf '%y %m %s %T@ %C@ %P\0\0' -o '(' -type f -o -type l ')' -printf '%y %m %s %T@ %C@ %P\0%l\0'
    printf 'end %s' "$?"
  } | head -c "$most_list" | gzip -1 -c | base64 -w 0)"
}

# hash_contents FOLDER [SIZE PATH]...: print the id that git would give each of these files below the folder, or `-` if
# it cannot be read or is no longer a file.
hash_contents() {
  cd "$1" || exit
  shift
  while [ $# -ge 2 ]; do
    if [ -f "./$2" ] && [ ! -L "./$2" ] && [ -r "./$2" ]; then
      { printf 'blob %s\0' "$1" && head -c "$1" -- "./$2"; } | sha1sum
    else
      echo -
    fi
    shift 2
  done
}
