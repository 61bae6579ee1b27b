"""Every lesson from the field has one test or a reason, and the page tells which."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MOST_WITHOUT = 15


def script():
    spec = importlib.util.spec_from_file_location("lessons_docs", ROOT / "scripts/lessons_docs.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


docs = script()
TESTS = docs.lessons()
REASONS = docs.not_applicable()


def test_every_lesson_has_a_test_or_a_reason():
    told = {lesson.number for lesson in TESTS} | set(REASONS)
    assert [number for number in docs.NUMBERS if number not in told] == []


def test_no_lesson_has_two_tests_or_a_test_and_a_reason():
    counted = Counter([*(lesson.number for lesson in TESTS), *REASONS])
    assert [number for number, times in counted.items() if times > 1] == []
    assert set(counted) <= set(docs.NUMBERS)


def test_few_lessons_do_not_apply_and_each_says_why():
    assert len(REASONS) <= MOST_WITHOUT
    assert all(len(reason.split()) > 3 for reason in REASONS.values())


@pytest.mark.parametrize("lesson", TESTS, ids=lambda lesson: f"{lesson.number:03d}")
def test_a_lesson_is_told_in_one_sentence(lesson):
    assert 3 < len(lesson.story.split()) < 60, lesson


def test_the_page_is_as_generated():
    assert docs.DOCUMENT.read_text("utf-8") == docs.document()
