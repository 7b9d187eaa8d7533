"""Every problem has a name of its own, both titles, and a line in docs/problems.md."""

from __future__ import annotations

import re

import pytest

from tools.problems import PAGE, every_problem, page
from twinshore.errors import Problem


@pytest.mark.parametrize("problem", every_problem(), ids=lambda problem: problem.__name__)
def test_a_problem_has_a_slug_and_both_titles_of_its_own(problem: type[Problem]) -> None:
    for name in ("slug", "title_en", "title_zh"):
        assert name in vars(problem), f"{problem.__module__}.{problem.__name__} has no {name} of its own"
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", problem.slug)
    assert re.search(r"[\u4e00-\u9fff]", problem.title_zh), f"{problem.slug}: the Chinese title is not Chinese"
    assert problem.title_en.isascii() and not problem.title_en.endswith(".")
    assert 400 <= problem.status <= 599


def test_no_two_problems_share_a_slug() -> None:
    slugs = [problem.slug for problem in every_problem()]
    assert not {slug for slug in slugs if slugs.count(slug) > 1}


def test_the_page_of_problems_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(every_problem()), "run: make docs"
