# Follows each path as the kernel does, and prints each path on the way that has not been looked up yet. The input is
# the output of find (kind, uid, gid, mode, path, two slashes, link target) and, beginning with a slash, earlier
# lookups.
#
# programs: how many of the paths, counted from the first, may be programs. Once everything is known, each executable
# file that one of them leads to is printed after "= ", 500 at most.
/^\// { before[$0] = 1; next }
/^[ugT] / { next }
{
  split($0, f, " "); rest = substr($0, length(f[1] f[2] f[3] f[4]) + 5)
  at = index(rest, "//"); path = at > 1 ? substr(rest, 1, at - 1) : "/"
  kind[path] = f[1]; mode[path] = f[4]; target[path] = substr(rest, at + 2)
}
function look(path) { if (!(path in before) && !(path in now)) { now[path] = 1; asked++; print path } }
function executable(path) { return path in kind && kind[path] == "f" && mode[path] ~ /[1357].?.?$/ }
function walk(rest,  here, part, at, path, links) {
  for (;;) {
    sub(/^\/+/, "", rest); if (rest == "") return here
    at = index(rest, "/"); part = at ? substr(rest, 1, at - 1) : rest; rest = at ? substr(rest, at) : ""
    if (part == ".") continue
    if (part == "..") { sub(/\/[^\/]*$/, "", here); continue }
    path = here "/" part
    if (path in kind && kind[path] == "l") {
      if (++links > 40) return ""
      if (target[path] ~ /^\//) here = ""
      rest = "/" target[path] rest
      continue
    }
    if (!(path in kind)) { if (path in before) return ""; look(path) }
    here = path
  }
}
BEGIN { for (i = 1; i < ARGC; i++) wanted[i] = ARGV[i]; count = ARGC - 1; ARGC = 1 }
END {
  look("/")
  for (i = 1; i <= count; i++) {
    end = walk(wanted[i])
    if (i <= programs && executable(end)) program[end] = 1
  }
  if (!asked) for (path in program) if (++printed <= 500) print "= " path
}
