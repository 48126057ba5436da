"""QT407: declared code is a checkout of git, at the declared commit, and its files are those of that commit."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Command, Remedy, make_steps
from qtctl.model.code_facts import Checkout
from qtctl.model.desired import Desired
from qtctl.model.desired_code import DesiredCode
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import Json, JsonObject
from qtctl.rules import proofs
from qtctl.rules.rule import Expectation, Judgment, ProofSource, Rule, Verdict

_SHOWN = 5
_IDS = 3


def _expect_declared_state(desired: Desired) -> tuple[Expectation, ...]:
    """What a deploy installs is not a checkout: QT413 judges it."""
    installed = frozenset(each.path for each in desired.installs)
    return tuple(
        Expectation(
            code.path,
            {"commit": code.commit or "any", "changed": []},
            (Need(Checkout.FACT, code.path),),
            partial(_is_as_declared, code=code),
            code.origin,
        )
        for code in desired.code
        if code.path not in installed
    )


def _is_as_declared(facts: Facts, code: DesiredCode) -> Judgment:
    need = Need(Checkout.FACT, code.path)
    found = facts.read(Checkout, code.path)
    if found is None:
        source = proofs.prove_presence(need, code.path, present=False)
        return Verdict(False, {"missing": code.path}, (source,), remedy=_choose_clone(code))
    if not found.git:
        source = proofs.prove_presence(need, f"{code.path}/.git", present=False)
        return Verdict(False, {"checkout": False}, (source,), remedy=_choose_clone(code))
    if code.commit and found.head != code.commit and (found.head or not found.unsure):
        return _judge_other_commit(need, code, found)
    return _judge_files(need, code, found)


def _judge_files(need: Need, code: DesiredCode, found: Checkout) -> Judgment:
    if found.changes:
        return Verdict(
            False, _show_changed(found), _list_differing(need, code, found), remedy=_choose_stash(code, found)
        )
    head = (_prove_head(need, code, found),)
    if found.staged:
        remedy = make_steps(
            "see what was staged, and by whom:", _make_git_command(code, found, "diff", "--cached", "--stat"),
            _make_git_command(code, found, "stash", "push"), "restart what runs from it",
        )  # fmt: skip
        return Verdict(False, {"commit": found.head, "staged": True}, head, remedy=remedy)
    if why := _explain_unsure(found):
        return Verdict(False, None, head, unknown=why, remedy=_look(code, found))
    return Verdict(True, {"commit": found.head, "changed": [], **_show_not_compared(found)}, head)


def _explain_unsure(found: Checkout) -> str:
    if found.unsure or not found.head:
        return found.unsure or "it has no commit yet"
    return "" if found.staged is False else "its commit could not be read, and with it whether changes are staged"


def _show_not_compared(found: Checkout) -> JsonObject:
    submodules: JsonObject = {"submodules not compared": found.submodules} if found.submodules else {}
    return {"tracked files": found.tracked, "untracked files": "not compared", **submodules}


def _show_changed(found: Checkout) -> JsonObject:
    rows: list[Json] = [f"{path} ({said[0]})" for path, said in list((found.changed or {}).items())[:_SHOWN]]
    return {"commit": found.head, "changes": found.changes, "changed": rows}


def _judge_other_commit(need: Need, code: DesiredCode, found: Checkout) -> Verdict:
    remedy = make_steps(
        "see why it is there; then, once services that run from it may restart:",
        _make_git_command(code, found, "checkout", "--detach", code.commit),
        f"or declare {found.head}, if that is what should run" if found.head else "or clone it again",
    )
    observed: JsonObject = {"commit": found.head or "none", "branch": found.ref}
    return Verdict(False, observed, (_prove_head(need, code, found),), remedy=remedy)


def _prove_head(need: Need, code: DesiredCode, found: Checkout) -> ProofSource:
    """Where HEAD leads, from the files: git is not run in a folder that someone else owns."""
    own, common = found.folders or (f"{code.path}/.git", f"{code.path}/.git")
    if not found.ref:
        return ProofSource(need, f"cat {quote(f'{own}/HEAD')}", found.head)
    loose = f"cat {quote(f'{common}/{found.ref}')} 2>/dev/null"
    packed = f"awk -v r={quote(found.ref)} '$2 == r {{ print $1 }}' {quote(f'{common}/packed-refs')}"
    return ProofSource(need, f"{loose} || {packed}", found.head)


def _list_differing(need: Need, code: DesiredCode, found: Checkout) -> tuple[ProofSource, ...]:
    sources = []
    for path, said in list((found.changed or {}).items())[:_SHOWN]:
        whole = f"{code.path}/{path}"
        if said[0] == "missing":
            sources.append(proofs.prove_presence(need, whole, present=False))
        elif len(said) == _IDS:
            name = quote(whole)
            again = f"{{ stat -c 'blob %s' {name} | tr '\\n' '\\0'; cat {name}; }} | sha1sum | cut -d ' ' -f 1"
            sources.append(ProofSource(need, again, said[2]))
    return tuple(sources) or (_prove_head(need, code, found),)


def _make_git_command(code: DesiredCode, found: Checkout, *words: str) -> Command:
    """As the account that owns it: its config decides what git runs."""
    return ("runuser", "-u", found.owner, "--", "git", "-C", code.path, *words)


def _choose_stash(code: DesiredCode, found: Checkout) -> Remedy:
    return make_steps(
        "see what was changed, and by whom:",
        _make_git_command(code, found, "status", "--short"),
        "commit it where the code comes from and declare that commit, or put it away:",
        _make_git_command(code, found, "stash", "push"),
        "restart what runs from it",
    )


def _look(code: DesiredCode, found: Checkout) -> Remedy:
    """Makes git refresh its stat data and say which files have changed."""
    return make_steps(_make_git_command(code, found, "status", "--short"), "then audit again")


def _choose_clone(code: DesiredCode) -> Remedy:
    if not code.repo:
        return make_steps(f"clone the code of {code.name} to {code.path}, or declare where it is")
    beside = f"{code.path}.new"
    return make_steps(
        "as the account that services run as:",
        ("git", "clone", "--", code.repo, beside),
        f"check out {code.commit[:12]}, and put it in the place of {code.path}" if code.commit
        else f"put it in the place of {code.path}",
    )  # fmt: skip


QT407 = Rule(
    "QT407",
    "code is not the declared checkout",
    Severity.ERROR,
    several="folders of code that are not the declared checkout",
    what="Code that code.toml declares is not on the host, is not a git checkout, is at a different commit than "
    "declared, or has tracked files that differ from its commit: changed, removed, of another kind or mode, or "
    "staged. Files with the size and times that the index has count as unchanged; all others are compared by content. "
    "Git's files are read; git is not run. Untracked files, and what is in submodules, are not compared.",
    why="What runs then matches no declared commit. A fix that was made on the host is lost at the next checkout, a "
    "file that an intruder changed looks like any other, and nobody can say what traded yesterday.",
    fix="`git status` and `git log -1`, run in the code's folder by the account that owns it, show what it is. Commit "
    "what should stay in the repository that the code comes from, and declare that commit; put the rest away with "
    "`git stash`. Never run git as root in a folder that another account owns: its config can make git run any "
    "command.",
    expect=_expect_declared_state,
)
RULES = (QT407,)
