"""Paths in every place that takes text: no file is read that the pages are not made of.

The canary is a file beside the database, and one that every machine has. Requests are written by
hand, since an HTTP library tidies their paths. What a person of the machine names on the command
line or in the settings is theirs to choose, and not tried here.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.canary import traversals
from tests.support.over_http import Door
from tests.support.pages import BOOKS, commands, takes_text
from tests.support.raw import exchange
from ui.pages import frame

WORDS = "the canary sings only for its owner"
EVERYWHERE = Path("/etc/passwd")
ROOTS = (
    "/",
    "/static/",
    "/assets/",
    "/ui/static/",
    "/svelte/",
    "/theme.css/",
    "/pwa_icon/",
    "/gradio_api/file=",
    "/gradio_api/file/",
    "/gradio_api/FILE=",
    "/gradio_api/stream/",
    "/gradio_api/custom_component/",
    "/gradio_api/upload/",
    "/gradio_api/heartbeat/",
    "/gradio_api/queue/",
    "/custom_component/x/client/component/",
)


@pytest.fixture(scope="module")
def canary(site):
    path = site.home / "canary.txt"
    path.write_text(WORDS)
    return path


@pytest.fixture(scope="module")
def door(site):
    with Door(site.address) as door:
        yield door


def fetched(site, path):
    """Everything that the server says to a path."""
    host = urlsplit(site.address).netloc
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return exchange(site.address, head)


def holds(said):
    return WORDS.encode() in said or re.search(rb"root:[^:]*:0:0:", said) is not None


def test_the_search_itself_sees(canary):
    assert holds(canary.read_bytes())
    assert holds(EVERYWHERE.read_bytes())


def test_the_ways_out_lead_there(canary):
    """The plain spellings really name the canary, seen from where files are served."""
    spelled = traversals(canary, frame.STATIC)
    found = [one for one in spelled if (frame.STATIC / one).is_file()]
    assert len(found) >= 3


@pytest.mark.parametrize("root", [*ROOTS, frame.static_path() + "/"])
def test_no_route_reads_a_file(site, canary, root):
    for target in (canary, EVERYWHERE):
        for way in traversals(target, frame.STATIC):
            said = fetched(site, root + way.replace(" ", "%20"))
            assert not holds(said), way
            assert said.split(b" ", 2)[1] != b"500", way


@pytest.mark.parametrize("place", sorted(BOOKS))
def test_no_command_reads_a_file(door, canary, place):
    mine = [(name, forms) for where, name, forms in commands() if where == place]
    for way in (str(canary), traversals(canary, frame.STATIC)[-1], *traversals(EVERYWHERE)[:4]):
        for name, arguments in mine:
            given = {what: way[:64] for what, form in arguments.items() if takes_text(form)}
            given |= {"number": 1, "offset": 0, "rerun": False, "layer": 1, "pinned": True}
            kept = {what: one for what, one in given.items() if what in arguments}
            assert not holds(door.post({"do": name, **kept}, place).content)
        file = {"path": way, "meta": {"_type": "gradio.FileData"}}
        assert not holds(door.post({"do": "search", "text": file}, place).content)
        assert not holds(door.post(file, place).content)


def test_no_listener_reads_a_file(door, canary):
    for way in (str(canary), *traversals(canary, frame.STATIC)[5:8], str(EVERYWHERE)):
        for place, event in (("models-data", "card"), ("chat-meta", "watch")):
            file = {"path": way, "meta": {"_type": "gradio.FileData"}}
            for data in ({"model": way, "conversation": way, "tab": way}, file, way):
                assert door.join(place, event, data).status_code in (200, 422, 429)
    door.call("leave", tab=str(canary)[:64])
    for count, event in enumerate(door.events()):
        assert not holds(json.dumps(event).encode())
        if count > 20:
            break


def test_names_of_exports_are_plain(door, canary):
    begun = door.call("send", conversation=None, text="!say x", key="paths 01", model="scripted")
    odd = ("CON", "nul.txt", ".htaccess", "-rf", "a\u202egpj.exe", "%2e%2e%2fx", "x" * 500, "…")
    for title in (*traversals(canary, frame.STATIC), *odd):
        door.call("rename", conversation=begun["conversation"], title=title[:200])
        for form, end in (("markdown", "md"), ("json", "json")):
            name = door.call("export", conversation=begun["conversation"], form=form)["name"]
            assert re.fullmatch(rf"\w[\w-]{{0,80}}\.{end}", name), title
