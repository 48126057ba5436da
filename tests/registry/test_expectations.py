"""What each key takes is said in words: none falls back on its pattern."""

from collections.abc import Iterator
from typing import get_args

from pydantic import StringConstraints

from qtctl.model.expect import Expect, describe_expected, make_annotation
from tests.registry.mutations import models


def test_every_pattern_and_check_has_words() -> None:
    silent, count = [], 0
    for model in models():
        for name, field in model.model_fields.items():
            for annotation in _annotated(make_annotation(field)):
                attached = get_args(annotation)[1:]
                if any(isinstance(each, StringConstraints) and each.pattern for each in attached):
                    count += 1
                    if not any(isinstance(each, Expect) for each in attached):
                        silent.append(f"{model.__name__}.{name}")
    assert count > 100
    assert silent == []


def test_words_follow_should_be() -> None:
    for model in models():
        for name, field in model.model_fields.items():
            words = describe_expected(make_annotation(field))
            assert words.split()[0].strip(",") in {"a", "an", "the", "text", "true", "what", "one"} or words.startswith(
                '"'
            ), name


def _annotated(annotation: object) -> Iterator[object]:
    if hasattr(annotation, "__metadata__"):
        yield annotation
    for each in get_args(annotation):
        yield from _annotated(each)
