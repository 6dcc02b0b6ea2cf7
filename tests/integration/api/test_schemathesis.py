"""Whatever fits /openapi.json, and what does not quite, gets an answer that it promises."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from ui.api.schema import DOORS

FEW = ("chat", "respond", "draft", "listConversations")
"""Operations that every run of the tests tries; all of them are tried at length."""

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def described(server):
    return schemathesis.openapi.from_url(f"{server.address}/openapi.json")


def fuzz(described, server, door, examples):
    """Requests made up for one operation, half of them wrong in something.

    What fits may be refused all the same, as an empty message is: no schema says all of it.
    """
    operation = described[door.path][door.method.upper()]
    headers = {"Authorization": f"Bearer {server.key(roles=('chatter', 'agent'))}"}
    for mode in GenerationMode:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            answer = case.call(base_url=server.address, headers=headers)
            if answer.status_code != 413:  # many texts, each of a length that fits
                case.validate_response(answer, excluded_checks=[positive_data_acceptance])

        check()


@pytest.mark.parametrize("name", FEW)
def test_few_of_some(described, server, name):
    [door] = [one for one in DOORS if one.name == name]
    fuzz(described, server, door, examples=2)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_many_of_each(described, server, door):
    fuzz(described, server, door, examples=200)
