"""docs/completion: for each shell the script that typer writes, for packages that install it where the shell looks."""

from typer._completion_shared import get_completion_script

from qtctl.cli.main import COMPLETE

FILES = {"bash": "qtctl.bash", "zsh": "_qtctl", "fish": "qtctl.fish"}
AUTOLOADED = """\
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _qtctl_completion "$@"
else
  compdef _qtctl_completion qtctl
fi"""
"""A file in zsh's fpath is loaded by the first completion, which it must answer, too: typer's only registers itself."""


def write_completions() -> dict[str, str]:
    """Path below docs/ → content."""
    scripts = {
        shell: get_completion_script(prog_name="qtctl", complete_var=COMPLETE, shell=shell).strip() + "\n"
        for shell in FILES
    }
    scripts["zsh"] = scripts["zsh"].replace("compdef _qtctl_completion qtctl", AUTOLOADED)
    return {f"completion/{FILES[shell]}": script for shell, script in scripts.items()}
