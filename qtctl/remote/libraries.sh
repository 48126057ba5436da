# shellcheck shell=sh disable=SC2086
# What programs load besides the files on their command lines: shared libraries, Python's modules, packages of venvs.

# find_libraries VENV...: lines `W NUMBER kind uid gid mode path`, a newline in a path as \1, for what others than root
# own or can write. NUMBER is 0 for the host, 1 for the first venv; of entries with equal rights only the first is
# printed. `L` instead of W: it has an access control list and a group can write it. `M path`: a library named in
# /etc/ld.so.preload is missing. `T NUMBER`: the venv has more files than could be checked in time. `E` ends the list.
# On the host, folders and what is directly in them are checked; in a venv, all packages in full.
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

# look NUMBER DEPTH PATH...: on some systems /usr/local belongs to the group staff, which has no members.
look() {
  whose=$1 depth=$2
  shift 2
  found=$(find -L "$@" -maxdepth "$depth" '(' ! -uid 0 -o -perm /022 ')' \
    ! '(' -path '/usr/local/*' -gid "$staff" ! -perm /002 ')' -printf '%y %U %G %m %p\0' 2>/dev/null |
    tr '\n\0' '\1\n' | head -n 20000 | keep_first)
  say
  case $found in *"$IFS"G*) show_acls -L "$@" -maxdepth "$depth" ;; esac
}

# look_deep NUMBER FOLDER: check everything from the second level on; links are not followed.
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

# keep_first: print the first of entries with equal rights, then `G` if a group may write one of them.
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

# show_acls WHERE...: what find lists there that has an access control list (only ls shows that) and that a group can
# write.
show_acls() {
  # shellcheck disable=SC2012
  marked=$(find "$@" -perm /020 -print0 2>/dev/null | head -z -n 5000 | xargs -0r ls -dlnL --time-style=+ -- 2>/dev/null |
    sed -n 's|^[^ ]\{10\}+[^/]*/|/|p' | head -n 200)
  set -f
  [ -z "$marked" ] || find -L $marked -maxdepth 0 -printf "L $whose %y %U %G %m %p\0" 2>/dev/null | tr '\n\0' '\1\n'
  set +f
}
