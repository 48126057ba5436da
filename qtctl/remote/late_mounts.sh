# shellcheck shell=sh
# What was mounted after the boot and will not be there after the next one.

# list_late_mounts: lines `M UNIT WHERE FRAGMENT SOURCE`, separated by tabs, for each mount that was made after the boot and that
# the next boot does not make: it is in no unit file and on no line of fstab. What an automounter made on demand is left out.
list_late_mounts() {
  said=$(qtctl_timed 5 systemctl show --no-pager -p Id -p Where -p FragmentPath -p SourcePath -p ActiveState \
    -p ActiveEnterTimestampMonotonic -- default.target '*.mount') || exit 1
  fstab=/dev/null
  [ ! -r /etc/fstab ] || fstab=/etc/fstab
  printf '%s\n\n' "$said" | awk -v OFS='\t' '
    function read_fstab(path) {
      if (path != "/") sub(/\/+$/, "", path)
      gsub(/\\040/, " ", path)
      listed[path] = 1
    }
    function comes_back() {
      if (of["FragmentPath"] == "" || of["FragmentPath"] ~ /^\/run\/systemd\/transient\//) return 0
      return of["SourcePath"] != "/etc/fstab" || (of["Where"] in listed)
    }
    function is_automatic(path) {
      for (; path != ""; sub(/\/[^\/]*$/, "", path)) if (path in automounted) return 1
      return 0
    }
    function judge() {
      since = of["ActiveEnterTimestampMonotonic"] + 0
      if (of["Id"] ~ /\.target$/) booted = since
      if (!("Where" in of) || of["ActiveState"] != "active" || !booted || since <= booted) return
      if (!comes_back() && !is_automatic(of["Where"]))
        print "M", of["Id"], of["Where"], of["FragmentPath"], of["SourcePath"]
    }
    FILENAME == ARGV[1] { if (!/^[[:space:]]*#/ && NF > 2) read_fstab($2); next }
    FILENAME == ARGV[2] { if (/ - autofs /) automounted[$5] = 1; next }
    $0 == "" { judge(); split("", of); next }
    # A registry cannot declare a name with a tab in it.
    !/\t/ { at = index($0, "="); of[substr($0, 1, at - 1)] = substr($0, at + 1) }
  ' "$fstab" /proc/self/mountinfo - | head -n 500
}
