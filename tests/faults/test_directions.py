"""What stands beside a text written from the right stays where it is."""

import re

import pytest
from playwright.sync_api import expect

APART = re.compile("^(plaintext|isolate|isolate-override)$")


@pytest.mark.browser
def test_directions_do_not_spill(tab):
    tab.ask("!say \u202eשלום")
    for place in (tab.questions.first.locator("code"), tab.listed.first.locator(".ell")):
        expect(place).to_have_css("unicode-bidi", APART)
