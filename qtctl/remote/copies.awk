# Finds the command lines that run what is `wanted`: lines of UNIT, PROGRAM, MODULE and APP between tabs. The input has
# a word a line, after /proc/PID/cmdline:. See copies.sh.
BEGIN {
  count = split(ENVIRON["wanted"], row, "\n")
  for (n = 1; n <= count; n++) {
    split(row[n], part, "\t")
    unit[part[1]] = 1
    if (part[2] != "") { program[part[2]] = n; name = base(part[2]); alike[name] = alike[name] " " n; path[n] = part[2] }
    if (part[3] != "") module[part[3]] = n
    if (part[4] != "") app[part[4]] = n
  }
}
match($0, /^\/proc\/[0-9]+\/cmdline:/) {
  pid = substr($0, 7, RLENGTH - 15); word = substr($0, RLENGTH + 1)
  if (pid != last) {
    last = pid; before = ""; found = 0; script = 0
    name = base(word)
    python = name ~ /^(python|pypy)[0-9.]*$/
    shell = name ~ /^(ba|da|z|k|a)?sh$/
    if (word in program) found = program[word]
    else if (!python && !shell) relative(word)
  } else if ((python || shell) && !found) {
    name = word; sub(/:.*/, "", name)
    if (word in program) found = program[word]
    else if (python && before == "-m" && word in module) found = module[word]
    else if (python && name != word && name in app) found = app[name]
    else if (!script && word !~ /^-/ && before !~ /^-[XWmc]$/) { script = 1; relative(word) }
  }
  before = word
  if (found && !(pid in said)) { said[pid] = 1; groups(pid, "C " pid " " found " "); if (many >= 500) exit }
}
END { print "E" }
function base(text) { sub(/.*\//, "", text); return text }
# relative WORD: report it if it could be the relative path of one of the programs; the folder is not known here.
function relative(word, short, list, n, count) {
  if (word ~ /^\// || word ~ /\t/ || pid in said) return
  short = word
  while (sub(/^\.?\.?\//, "", short)) continue
  count = split(alike[base(short)], list, " ")
  for (n = 1; n <= count; n++)
    if (short !~ /\.\.\// && substr(path[list[n]], length(path[list[n]]) - length(short)) == "/" short) {
      groups(pid, "R\t" pid "\t" list[n] "\t" word "\t" path[list[n]] "\t")
    }
}
function groups(pid, before, file, line, text, parts, n, at) {
  file = "/proc/" pid "/cgroup"; text = ""
  while ((getline line < file) > 0) if (match(line, /^[0-9]+:(name=systemd)?:/)) {
    line = substr(line, RLENGTH + 1); n = split(line, parts, "/")
    if (line !~ /\/user@/) for (at = 1; at <= n; at++) if (parts[at] in unit) text = "-"
    if (text != "-") text = text before substr(line, 1, 300) "\n"
  }
  close(file)
  if (text != "-") { printf "%s", text; many++ }
}
