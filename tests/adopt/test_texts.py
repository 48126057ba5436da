"""The law of adoption as our own parser sees it: adopted and rendered, a unit says what it said."""

from qtctl.findings.finding import Severity
from qtctl.model.adoption import Found
from tests.adopt import law
from tests.adopt.found import ALONE, CORPUS, THEMES
from tests.adopt.strategies import all_texts


def test_odd_texts_say_the_same() -> None:
    texts = all_texts(services=60, others=10)
    adopted, rendered = law.adopt(Found(name, text.encode()) for name, text in texts.items())
    assert [each for each in adopted.adoption.differences if not each.because] == []
    said = {each.subject for each in adopted.adoption.judgments if each.id and each.severity is Severity.ERROR}
    assert {*texts} - {*rendered} <= said
    assert len(rendered) > len(texts) * 0.9


def test_every_line_of_the_corpus_has_its_fate() -> None:
    for theme in (*THEMES, *ALONE):
        found = law.folder(CORPUS / theme)
        adopted, _ = law.adopt(found)
        files = {each.path: each for each in adopted.adoption.files}
        assert {*files} == {each.path for each in found}
        for each in found:
            numbers = [line.line for line in files[each.path].lines]
            assert numbers == sorted(set(numbers)), each.path
            if each.content and files[each.path].taken:
                assert numbers, each.path
