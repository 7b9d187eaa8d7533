import pytest

from tests.support.scenario_results import pytest_collection_finish, pytest_runtest_makereport

__all__ = ["pytest_collection_finish", "pytest_runtest_makereport"]
SUPPORT = ("scenarios", "scenario", "one_method", "unclear_answers", "deaths", "moved_rates")
pytest.register_assert_rewrite(*(f"tests.support.{name}" for name in SUPPORT))
