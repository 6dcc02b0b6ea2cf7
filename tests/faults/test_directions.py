"""What stands beside a text written from the right stays where it is."""

import pytest


@pytest.mark.browser
def test_directions_do_not_spill(tab):
    tab.ask("!say \u202eשלום")
    for place in (tab.questions.first.locator("code"), tab.listed.first.locator(".ell")):
        found = place.evaluate("element => getComputedStyle(element).unicodeBidi")
        assert found in ("plaintext", "isolate", "isolate-override"), place
