"""What is planned is what is rendered, so that a host can be asked before anything is rendered."""

from pathlib import Path

from qtctl.adapters.files import read_registry, read_templates
from qtctl.flows.declare import begin, render_files
from qtctl.flows.questions import find_questions

REGISTRY = Path(__file__).parent.parent.parent / "registry"


def test_the_same_files_and_the_same_needs() -> None:
    begun = begin(read_registry(REGISTRY), "", None)
    whole = render_files(begun, read_templates(None))
    about = [(file.path, file.mode, file.owner, file.group, file.kind, file.subject) for file in begun.desired.files]
    assert about == [
        (file.path, file.mode, file.owner, file.group, file.kind, file.subject) for file in whole.desired.files
    ]
    assert not any(file.content for file in begun.desired.files)
    assert find_questions(begun.desired) == find_questions(whole.desired)
