from tests.support.scenario_results import pytest_collection_finish, pytest_runtest_makereport

__all__ = ["pytest_collection_finish", "pytest_runtest_makereport"]
