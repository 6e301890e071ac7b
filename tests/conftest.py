"""What several test files share because it takes a while to make."""

import pytest

from tests.made_scenarios import FAILING, HOLDING, LIVE, played
from tiangong.policies.scenarios.report import Report


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Of the tea shop: four scenarios that hold, one that stops harmless talk, one that needs a real language model."""
    return played(tmp_path_factory.mktemp("shop"), holding=HOLDING, failing=FAILING, live=LIVE)


@pytest.fixture(scope="session")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Of the tea shop, with the four scenarios that hold."""
    return played(tmp_path_factory.mktemp("shop"), holding=HOLDING)
