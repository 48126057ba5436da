# The calls in files that start or stop one of `units` (names between spaces), each as `K VERB NAME FILE`; `file` is the
# name of what is read from a pipe. A call whose names are variables counts for every unit that its file names.
BEGIN {
  file = ENVIRON["file"]
  count = split(ENVIRON["units"], listed, " ")
  for (n = 1; n <= count; n++) declared[listed[n]] = 1
  verbs = " start stop restart try-restart reload-or-restart try-reload-or-restart condrestart force-reload kill disable " \
    "enable reenable mask isolate freeze thaw revert clean "
}
FILENAME != current && FILENAME != "" && FILENAME != "-" { finish(); current = file = FILENAME }
/^[[:space:]]*[#;]/ { next }
{
  line = before $0
  if (line ~ /\\$/) { before = substr(line, 1, length(line) - 1) " "; next }
  before = ""
  gsub(/["'`()]/, " ", line)
  gsub(/\[|\]/, " ", line)
  gsub(/,[[:space:]]/, " ", line)
  gsub(/[;|&]/, " ; ", line)
  words = split(line, word, /[[:space:]]+/)
  awaits = ""; verb = ""; named = ""
  for (n = 1; n <= words; n++) read(word[n])
}
END { finish() }
function finish(name) {
  if (varied) for (name in mentioned) say(varied, name)
  varied = before = ""
  split("", mentioned)
}
function read(text, name) {
  if (text == "" || text == ",") return
  if (text == ";") { awaits = verb = named = ""; return }
  if (text ~ /(^|[^A-Za-z0-9_.-])-?systemctl$/) { awaits = "verb"; verb = ""; return }
  if (text ~ /^(.*\/)?(service|invoke-rc\.d)$/) { awaits = "unit"; verb = ""; return }
  if (text ~ /(Start|Stop|Restart|Kill)Unit$/) { verb = text; sub(/.*\./, "", verb); awaits = ""; return }
  name = known(text)
  if (name != "" && name !~ /[*?]/) mentioned[name] = 1
  if (awaits == "verb") {
    if (text ~ /^--user$|^--global$/) awaits = ""
    else if (text !~ /^-/) { awaits = ""; verb = index(verbs, " " text " ") ? text : "" }
  } else if (awaits == "unit") {
    named = text; awaits = "action"
  } else if (awaits == "action") {
    awaits = ""
    if (index(verbs, " " text " ")) call(text, named)
  } else if (verb != "") call(verb, text)
}
function call(verb, text) {
  if (text ~ /\$/) varied = verb
  else if (known(text) != "") say(verb, text)
}
# known WORD: the word if it is one of the names, or a pattern that matches one of them; else ''.
function known(text, shape, name) {
  if (text in declared || (text ".service") in declared) return text
  if (text !~ /[*?{]/ || text ~ /^[*?.]*$/) return ""
  shape = text
  gsub(/\{[^}]*\}/, "*", shape); gsub(/[^A-Za-z0-9*?_:@-]/, "[.]", shape); gsub(/\*/, ".*", shape); gsub(/\?/, ".", shape)
  for (name in declared) if (name ~ ("^" shape "$") || name ~ ("^" shape "[.]service$")) return text
  return ""
}
function say(verb, text) {
  gsub(/\{[^}]*\}/, "*", text)
  print "K " verb " " text " " file
}
