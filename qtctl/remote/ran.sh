# shellcheck shell=sh disable=SC2154,SC2015,SC2034
# What processes have read: for each unit its invocation, and a keyed digest of every file that mattered when it was
# started. Times are not enough: a file that is moved into place may have an old time, or one in the future.
#
# Given: transaction.sh, and `sees`: a file of lines `UNIT TAB PATH TAB PATH…`. The records are one file that only root
# can read, of lines `UNIT TAB INVOCATION TAB DIGEST TAB PATH`.

# read_key: set `key`. It is made once, and never leaves this host.
read_key() {
  [ -s "$base/key" ] || {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$base/.key" && mv -fT -- "$base/.key" "$base/key" || return 1
  }
  read -r key <"$base/key" || [ -n "$key" ]
}

# digest_seen FOLDER: write to FOLDER/digests, for every path in `sees`, `DIGEST TAB PATH TAB CTIME`; `absent` and 0
# unless it is a regular file that is not too large.
digest_seen() {
  read_key || return 1
  cut -s -f 2- -- "$sees" | tr '\t' '\n' | sed '/^$/d' | sort -u >"$1/paths"
  tr '\n' '\0' <"$1/paths" | xargs -0 -r stat -L -c '%f %s %Z %n' -- 2>/dev/null | while read -r raw size ctime path; do
    case "$raw" in 8???) [ "$size" -gt "$most" ] || printf '%s\t%s\n' "$ctime" "$path" ;; esac
  done >"$1/regular"
  number=100000
  cut -f 2- -- "$1/regular" | tr '\n' '\0' >"$1/read"
  sum_files "$1" "${read_s:-10}" || sum_files "$1" 2 -n 1 || :
  while read -r sum path; do
    number=$((number + 1))
    printf '%s %s\n' "$key" "$sum" >"$1/$number"
    printf '%s\n' "$path"
  done <"$1/summed" >"$1/hashed"
  [ ! -s "$1/hashed" ] || (cd "$1" && sha256sum -- 1?????) | cut -c 1-64 | paste - "$1/hashed" >"$1/sums"
  [ -s "$1/hashed" ] || true >"$1/sums"
  rm -f -- "$1"/1?????
  awk -F '\t' -v OFS='\t' '
    FILENAME == ARGV[1] { ctime[$2] = $1; next }
    FILENAME == ARGV[2] { sum[$2] = $1; next }
    { print ($1 in sum) ? sum[$1] : "absent", $1, ($1 in ctime) ? ctime[$1] : 0 }
  ' "$1/regular" "$1/sums" "$1/paths" >"$1/digests"
}

# sum_files FOLDER SECONDS [OPTION...]: false if one could not be read. A file that its owner has since made a pipe, or
# endless, is not waited for; the caller then reads the files one by one.
sum_files() {
  room_of_sums=$1 within_s=$2
  shift 2
  xargs -0 -r "$@" timeout -k 1 "$within_s" sha256sum -- <"$room_of_sums/read" >"$room_of_sums/summed" 2>/dev/null
}

# list_seeing: the units of `sees`, as show_units prints them.
list_seeing() {
  set --
  while IFS=$tab read -r unit _; do set -- "$@" "$unit"; done <"$sees"
  show_units "$@"
}

# look_before_start: record files and processes before units are started.
look_before_start() {
  sees=$home/sees
  [ -s "$sees" ] && mkdir -p -- "$home/ran" || return 1
  digest_seen "$home/ran" && mv -fT -- "$home/ran/digests" "$home/ran/before" && list_seeing >"$home/ran/was"
}

# record_started: record what the processes started since then have read, unless a file changed meanwhile. A file that
# this generation wrote without a restart does not matter to the running process, so it counts as read. Processes are
# listed while files are still being read: a file that changes in between has another digest than before.
record_started() {
  [ -s "$home/sees" ] || return 0
  [ -f "$home/ran/was" ] || return 1
  list_seeing >"$home/ran/now" &
  digest_seen "$home/ran" || return 1
  wait "$!" || return 1
  [ -f "$base/ran" ] || true >"$base/ran"
  awk -F '\t' '$2 == "write" { print $3 }' "$home/steps" >"$home/ran/written"
  awk -F '\t' -v OFS='\t' '
    FILENAME == ARGV[1] { before[$2] = $1; next }
    FILENAME == ARGV[2] { digest[$2] = $1; next }
    FILENAME == ARGV[3] { was[$1] = $5; next }
    FILENAME == ARGV[4] { now[$1] = $5; next }
    FILENAME == ARGV[5] { written[$1] = 1; next }
    FILENAME == ARGV[6] {
      if (now[$1] == "-" || now[$1] == was[$1]) next
      for (n = 2; n <= NF; n++) if (before[$n] != digest[$n]) next
      for (n = 2; n <= NF; n++) print $1, now[$1], digest[$n], $n
      next
    }
    ($1 in now) && now[$1] == $2 && now[$1] == was[$1] { print $1, $2, ($4 in written) ? digest[$4] : $3, $4 }
  ' "$home/ran/before" "$home/ran/digests" "$home/ran/was" "$home/ran/now" "$home/ran/written" "$sees" "$base/ran" \
    >"$base/.ran" && mv -fT -- "$base/.ran" "$base/ran"
}

# keep_records, restore_records: a rollback needs the records as they were.
keep_records() { [ ! -f "$base/ran" ] || cp -- "$base/ran" "$home/ran-before"; }
restore_records() { [ ! -f "$home/ran-before" ] || { cp -- "$home/ran-before" "$base/.ran" && mv -fT -- "$base/.ran" "$base/ran"; }; }

# compare_ran FOLDER: print `ran UNIT STATE` for each unit of `sees`, from FOLDER/digests and FOLDER/now. none: there is
# no record of this process; each path and its ctime follow. same. differs: the paths that differ follow.
compare_ran() {
  awk -F '\t' -v OFS='\t' '
    FILENAME == ARGV[1] { digest[$2] = $1; ctime[$2] = $3; next }
    FILENAME == ARGV[2] { now[$1] = $5; next }
    FILENAME == ARGV[3] {
      if (!($1 in now) || now[$1] != $2 || $2 == "-") next
      known[$1] = 1
      if (($4 in digest) && digest[$4] != $3) differs[$1] = differs[$1] OFS $4
      next
    }
    $1 in differs { print "ran", $1, "differs" differs[$1]; next }
    $1 in known { print "ran", $1, "same"; next }
    { row = "ran" OFS $1 OFS "none"; for (n = 2; n <= NF; n++) row = row OFS $n OFS ctime[$n]; print row }
  ' "$1/digests" "$1/now" "$1/ran" "$sees"
}

# read_ran: answer a plan. Temporary files that a killed run left are removed after five minutes.
read_ran() {
  find /run -maxdepth 1 -name '.qtctl-ran-*' -mmin +5 -exec rm -rf -- {} + 2>/dev/null
  folder=$(mktemp -d -- /run/.qtctl-ran-XXXXXX) || exit 1
  trap 'rm -rf -- "$folder"' EXIT
  sees=$folder/sees
  cat >"$sees"
  [ -d "$base" ] || exit 0
  patience=1
  digest_seen "$folder" && list_seeing >"$folder/now" || exit 1
  cat -- "$base/ran" >"$folder/ran" 2>/dev/null || true >"$folder/ran"
  compare_ran "$folder"
}
