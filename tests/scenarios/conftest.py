import pytest

pytest.register_assert_rewrite("tests.support.scenarios", "tests.support.scenario", "tests.support.unclear_answers")
