# shellcheck shell=sh disable=SC2086
# What programs load besides what their command lines name: shared libraries, Python's own modules, packages of venvs.

# find_libraries VENV...: lines `W NUMBER kind uid gid mode path`, a newline in a path as \1, of what others than root own or can
# write: NUMBER 0 of the host, 1 of the first venv; of what is alike in a folder the first. `M path` of a library that
# /etc/ld.so.preload names and that is not there. `L` in place of W for what has an access control list and lets a group
# write. `T NUMBER` of a venv with more files than could be looked at. `E` ends the list. Of the host folders are looked at,
# and what lies directly in them; of a venv all that lies in its packages.
find_libraries() {
  IFS='
'
  confs=$(sed 's/#.*//' /etc/ld.so.conf /etc/ld.so.conf.d/*.conf 2>/dev/null | tr -d ' \t' | grep '^/' | head -n 50)
  [ ! -L /lib ] || confs=$(printf '%s\n' "$confs" | grep -v '^/lib/')
  preload=$(sed 's/#.*//' /etc/ld.so.preload 2>/dev/null | tr ': \t' '\n' | grep '^/' | head -n 50)
  staff=50
  awk -F: '$3 == 50 && $4 != "" { exit 1 }' /etc/group || staff=4294967294
  look 0 1 /etc/ld.so.preload /etc/ld.so.conf /etc/ld.so.conf.d /etc/ld.so.cache /usr/lib /usr/local/lib \
    /usr/lib/python3* /usr/local/lib/python3* /usr/lib/python3/dist-packages /usr/local/lib/python3*/*-packages \
    $preload $confs
  set -f
  for each in $preload; do [ -e "$each" ] || printf 'M %s\n' "$each"; done
  set +f
  number=0
  for each; do
    number=$((number + 1))
    for lib in "$each"/lib/python3*; do
      [ -d "$lib" ] || continue
      look "$number" 0 "$each/lib" "$lib"
      look "$number" 1 "$lib/site-packages"
      [ ! -d "$lib/site-packages" ] || look_deep "$number" "$lib/site-packages"
      led=$(cat "$lib"/site-packages/*.pth 2>/dev/null | grep '^/' | head -n 50)
      set -f
      [ -z "$led" ] || look "$number" 0 $led
      set +f
    done
  done
  echo E
}

# look NUMBER DEPTH PATH...: /usr/local is the staff group's on some systems, which nobody is in.
look() {
  whose=$1 depth=$2
  shift 2
  found=$(find -L "$@" -maxdepth "$depth" '(' ! -uid 0 -o -perm /022 ')' \
    ! '(' -path '/usr/local/*' -gid "$staff" ! -perm /002 ')' -printf '%y %U %G %m %p\0' 2>/dev/null |
    tr '\n\0' '\1\n' | head -n 20000 | keep_first)
  say
  case $found in *"$IFS"G*) show_acls -L "$@" -maxdepth "$depth" ;; esac
}

# look_deep NUMBER FOLDER: what lies below what lies there; links are not followed.
look_deep() {
  whose=$1
  found=$( (
    (qtctl_timed 4 find "$2" -mindepth 2 '(' -type f -o -type d ')' '(' ! -uid 0 -o -perm /022 ')' \
      -printf '%y %U %G %m %p\0' 2>/dev/null)
    [ $? -lt 124 ] || printf 'T\0'
  ) | tr '\n\0' '\1\n' | keep_first)
  say
  case $found in *"$IFS"G*) show_acls "$2" -mindepth 2 '(' -type f -o -type d ')' ;; esac
}

# keep_first: of what is alike the first, then `G` where a group may write something.
keep_first() {
  awk '{ alike = $1 " " $2 " " $3 " " $4 } !(alike in seen) {
      seen[alike] = 1; print; if ($4 ~ /[2367].$/) group = 1
    }
    END { if (group) print "G" }'
}
say() {
  printf '%s\n' "$found" | whose=$whose awk 'BEGIN { whose = ENVIRON["whose"] }
    $0 == "T" { print "T " whose; next } $0 != "" && $0 != "G" { print "W " whose " " $0 }'
}

# show_acls WHERE...: what find sees there, has an access control list (only ls tells of them) and lets a group write.
show_acls() {
  # shellcheck disable=SC2012
  marked=$(find "$@" -perm /020 -print0 2>/dev/null | head -z -n 5000 | xargs -0r ls -dlnL --time-style=+ -- 2>/dev/null |
    sed -n 's|^[^ ]\{10\}+[^/]*/|/|p' | head -n 200)
  set -f
  [ -z "$marked" ] || find -L $marked -maxdepth 0 -printf "L $whose %y %U %G %m %p\0" 2>/dev/null | tr '\n\0' '\1\n'
  set +f
}
