# The calls in files that start or stop one of `units` (names between spaces), each as `K VERB NAME FILE`; `file` is the
# name of what is read from a pipe. A call whose names are variables counts for every unit that its file names. What
# would reboot the host or switch it off is `D WORD HOW FILE`: what does it (a directive of a unit, a command), and how.
BEGIN {
  file = ENVIRON["file"]
  count = split(ENVIRON["units"], listed, " ")
  for (n = 1; n <= count; n++) declared[listed[n]] = 1
  verbs = " start stop restart try-restart reload-or-restart try-reload-or-restart condrestart force-reload kill disable " \
    "enable reenable mask isolate freeze thaw revert clean "
  downs = " reboot poweroff halt kexec soft-reboot rescue emergency "
  before_commands = " sudo exec then else do if nohup env /usr/bin/env -c "
}
FILENAME != current && FILENAME != "" && FILENAME != "-" { finish(); current = file = FILENAME }
/^[[:space:]]*([#;]|\/\/)/ { next }
/Automatic-Reboot[[:space:]]+"?true/ && file ~ /^\/etc\/apt\// { print "D Automatic-Reboot true " file }
is_unit(file) && /^[[:space:]]*((Failure|Success|StartLimit|JobTimeout)Action|OnFailure|OnSuccess)[[:space:]]*=/ { note($0) }
{
  line = before $0
  if (line ~ /\\$/) { before = substr(line, 1, length(line) - 1) " "; next }
  before = ""
  gsub(/["'`()]/, " ", line)
  gsub(/\[|\]/, " ", line)
  gsub(/,[[:space:]]/, " ", line)
  gsub(/[;|&]/, " ; ", line)
  words = split(line, word, /[[:space:]]+/)
  awaits = ""; verb = ""; named = ""; first = !is_cron(file)
  for (n = 1; n <= words; n++) {
    goes_down(word[n], word[n + 1])
    read(word[n])
  }
}
END { finish() }
function finish(name) {
  if (varied) for (name in mentioned) say(varied, name)
  for (name in action) if (action[name] != "none") print "D " name " " action[name] " " file
  varied = before = ""
  split("", mentioned); split("", action)
}
function is_unit(path) { return path ~ /^\/(etc|run|usr\/local\/lib)\/systemd\/(system|transient|system\.control)\// }
function is_cron(path) { return path ~ /^\/etc\/(crontab|anacrontab|cron\.d\/)|^\/var\/spool\/cron\// }
# note LINE: what a unit does to the host when it ends. The last assignment counts.
function note(line, key, value) {
  key = line; sub(/[[:space:]]*=.*/, "", key); sub(/^[[:space:]]+/, "", key)
  value = line; sub(/^[^=]*=[[:space:]]*/, "", value); sub(/[[:space:]]+$/, "", value)
  if (key ~ /^On/) {
    if (!match(" " value " ", / (reboot|poweroff|halt|kexec|shutdown|rescue|emergency|exit)\.target /)) return
    value = substr(" " value " ", RSTART + 1, RLENGTH - 2)
  }
  delete action[key]
  if (value != "") action[key] = value
}
# goes_down WORD NEXT: whether a command stands here that ends the host. Only hooks of packages may do that.
function goes_down(text, after, name) {
  if (file ~ /^\/etc\/(acpi|apt|udev|network|NetworkManager|dhcp|ppp)\/|^\/usr\/lib\//) return
  if (text == "" || text == ";") { first = first || text == ";"; return }
  name = text
  if (sub(/^Exec[A-Za-z]*=[-+!:@]*/, "", name)) first = 1
  if (is_cron(file) && (n == 2 || n == 3 || n == 6 || n == 7)) first = 1
  sub(/^(\/usr)?(\/s?bin\/)/, "", name)
  if (first && name ~ /^(reboot|poweroff|halt|shutdown)$/ && after !~ /^-[ck]|^--(help|show)/) print "D command " name " " file
  if (awaits == "verb" && index(downs, " " text " ")) print "D systemctl " text " " file
  first = index(before_commands, " " text " ") || text ~ /^[A-Z_]+=/
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
