"""One server of the doors for programs for all modules here.

It has the scripted model, a tiny local one, and a tiny sentence encoder.
"""

import httpx
import pytest

from chatbot.bootstrap import build
from chatbot.settings import Settings
from tests.support import tiny_encoder, tiny_model
from tests.support.api import ApiServer


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("api")
    encoder = tiny_encoder.make(home / "minilm", pooling="mean_tokens")
    tiny_model.make(home / "models" / "tiny@1")
    settings = Settings(home=home, model="scripted", encoder=str(encoder))
    product = build(settings)
    with ApiServer(product) as started:
        yield started
    product.close()


@pytest.fixture(scope="session")
def key(server):
    return server.key()


@pytest.fixture
def http(server, key):
    """A plain client with a key."""
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.address, headers=headers, timeout=60) as client:
        yield client
