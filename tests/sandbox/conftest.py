"""The browser that visits the box's page."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from tests.support.page_visit import ARGUMENTS, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()
