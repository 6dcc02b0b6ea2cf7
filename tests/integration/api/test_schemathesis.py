"""Whatever fits /openapi.json, and what does not quite, gets an answer that it promises."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

pytestmark = pytest.mark.filterwarnings("default")

schema = schemathesis.pytest.from_fixture("described")
QUIET = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(scope="module")
def described(server):
    return schemathesis.openapi.from_url(f"{server.address}/openapi.json")


def check(case, server, key):
    """Send it with a key; a model's name is mostly made up, so one that is there takes turns."""
    answer = case.call(base_url=server.address, headers={"Authorization": f"Bearer {key}"})
    case.validate_response(answer)


@schema.parametrize()
@settings(max_examples=4, **QUIET)
def test_few_of_each(case, server, key):
    check(case, server, key)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=300, **QUIET)
def test_many_of_each(case, server, key):
    check(case, server, key)
