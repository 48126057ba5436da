# Turns calls into sh text. A call is a line: a function and its arguments between tabs. Only functions in the table can
# be called, with arguments of the kind that each takes, and every argument is quoted.
#
# Given in a BEGIN before it: library[FUNCTION], takes[FUNCTION], callers[LIBRARY] (libraries that run as the account
# that asks), shape[N] (a program's words, between tabs; <kind> stands for any number of arguments of that kind).
function refuse(why) { print why; failed = 1; exit 1 }
function unescape(text,    out, at) {
  if (!index(text, "\\")) return text
  out = ""
  while (at = index(text, "\\")) {
    out = out substr(text, 1, at - 1)
    sign = substr(text, at + 1, 1)
    out = out (sign == "t" ? "\t" : sign == "n" ? "\n" : sign)
    text = substr(text, at + 2)
  }
  return out text
}
function quote(text) { gsub(/'/, "'\\''", text); return "'" text "'" }
function fits(text, kind) {
  if (kind == "anything" || (kind == "listed" && text == "--")) return 1
  if (kind == "paths" || kind == "listed" || kind == "readable" || kind == "folders" || kind == "files") return text ~ /^\// && !index(text, "\n")
  if (kind == "units" || kind == "fleet") return text ~ /^[A-Za-z0-9:_.@\\][-A-Za-z0-9:_.@\\]*$/ && length(text) < 256
  if (kind == "names") return text ~ /^[A-Za-z0-9_.:][-A-Za-z0-9_.:@$]*$/
  if (kind == "number") return text ~ /^[0-9]+$/ && length(text) < 10
  return 0
}
function close_command() {
  if (opened) print ") </dev/null\nqtctl_frame " number++
  opened = 0
}
# program: whether one of the shapes allows these words. Sets `reads`: whether the program reads files that are named.
# Words are compared as text: awk takes 0 and a word that is not there for the same number.
function program(count,    n, m, words, parts, at) {
  for (n = 1; n <= shapes; n++) {
    reads = index(shape[n], "<files>")
    parts = split(shape[n], words, "\t")
    at = 3
    for (m = 1; m <= parts; m++) {
      if (words[m] ~ /^<[a-z]+>$/) {
        while (at <= count && fits(value[at], substr(words[m], 2, length(words[m]) - 2)) && value[at] "" != words[m + 1] "") at++
      } else if (at <= count && value[at] "" == words[m] "") at++
      else break
    }
    if (m > parts && at > count) return 1
  }
  return 0
}
{
  count = split($0, value, "\t")
  for (n = 1; n <= count; n++) value[n] = unescape(value[n])
  name = value[1]
  if (name == "marker") {
    if (count != 2 || NR != 1 || length(value[2]) < 16 || value[2] ~ /[^0-9A-Za-z]/) refuse("the marker is missing or invalid")
    framed = 1
    print "qtctl_marker=" value[2] "\nlib_frames"
    next
  }
  if (name == "command") {
    if (!framed) refuse("a command before the marker")
    close_command()
    opened = 1
    split("", loaded)
    print "("
    tools = ""
    for (n = 2; n <= count; n++) {
      if (value[n] !~ /^[a-z0-9_.-]+$/) refuse("not the name of a program")
      tools = tools " " quote(value[n])
    }
    if (tools != "") print "qtctl_need" tools
    next
  }
  if (framed && !opened) refuse("a call outside a command")
  words = ""
  if (name == "program") {
    if (value[2] !~ /^[0-9]+$/ || !program(count)) refuse("unknown program or arguments: " value[3])
    for (n = 3; n <= count; n++) words = words " " quote(value[n])
    if (reads) print "helper_run_on_files " value[2] + 0 words
    else print (value[2] + 0 ? "qtctl_timed " (value[2] + 0) : "") words
    next
  }
  if (!(name in library)) refuse("unknown function: " name)
  for (n = 2; n <= count; n++) {
    if (!fits(value[n], takes[name])) refuse(name " does not accept " value[n])
    words = words " " quote(value[n])
  }
  if (library[name] in callers) { print "helper_as_caller " library[name] " " name words; next }
  if (!(library[name] in loaded)) print "lib_" library[name]
  loaded[library[name]] = 1
  if (takes[name] ~ /^(readable|folders|fleet|listed)$/) print "helper_guard " takes[name] words " || exit 65"
  print name words
}
END { if (!failed) close_command() }
