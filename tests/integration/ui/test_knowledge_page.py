"""The Knowledge page behind its scripts, over HTTP: roles, files in pieces, writing, removing."""

import base64
import secrets

import pytest

from tests.support.team import Team

PAGE = "knowledge-data"
FIELDS = {
    "visibility": "public",
    "tags": ["lamps"],
    "language": "en",
    "valid_from": "",
    "valid_until": "",
}
FAQ = "title,text,visibility\nOutdoors,The Varde may stand outdoors.,public\nbad row\n"


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    server = Team(tmp_path_factory.mktemp("team"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def root(team):
    """Somebody who may write."""
    with team.door("root") as door:
        yield lambda do, **given: door.call(do, at=PAGE, **given)


@pytest.fixture(scope="module")
def rita(team):
    """Somebody who may read."""
    with team.door("rita") as door:
        yield lambda do, **given: door.call(do, at=PAGE, **given)


def write(ask, title, text, article=None, base=None, **changes):
    return ask("write", article=article, title=title, text=text, base=base, **FIELDS | changes)


def put(ask, data, name="faq.csv", key=None, step=4_000_000):
    """Send a file in pieces; its key."""
    key = key or secrets.token_hex(8)
    for start in range(0, len(data), step):
        piece = base64.b64encode(data[start : start + step]).decode()
        told = ask("put", upload=key, name=name, size=len(data), start=start, data=piece)
        assert "error" not in told, told
    return key


def taken(ask, key, name="faq.csv", visibility="internal"):
    """What became of a file that is there."""
    told = ask("take", upload=key, name=name, visibility=visibility)
    while "work" in told or "running" in told:
        work = told.get("work", locals().get("work"))
        told = ask("follow", work=work)
    return told.get("result", told)


def test_the_page_is_listed_and_says_what_it_takes(root, rita):
    facts = root("start")
    assert facts["writes"] is True
    assert ".pdf" in facts["formats"]
    assert rita("start")["writes"] is False
    assert set(facts["state"]) == {"articles", "passages", "waiting", "by_meaning", "why_not"}


def test_an_article_is_written_found_opened_and_cited(root, rita):
    told = write(root, "Old lamps", "## Take back\n\nWe take **old lamps** back in every shop.")
    article = told["article"]
    assert [piece["text"] for piece in article["pieces"]] == [
        "We take old lamps back in every shop."
    ]
    found = rita("ask", question="Do you take old lamps back?")
    first = found["hits"][0]
    assert first["label"] == "Old lamps › Take back"
    assert {"old", "lamps", "take", "back"} <= set(first["matched"])
    assert first["text_rank"] == 1
    opened = rita("passage", passage=first["passage"])
    assert (opened["article"]["id"], opened["number"]) == (article["id"], 1)
    listed = rita("articles", text="old lamps")
    assert [row["title"] for row in listed["rows"]] == ["Old lamps"]
    assert listed["counts"]["all"] >= 1


def test_two_who_write_are_told(root):
    article = write(root, "Dimmers", "Some fit.")["article"]
    changed = write(root, "Dimmers", "Most fit.", article["id"], article["version"])
    assert changed["article"]["version"] == article["version"] + 1
    told = write(root, "Dimmers", "None fits.", article["id"], article["version"])
    assert "conflict" in told["code"]
    kept = root("article", article=article["id"])["article"]
    assert "Most fit." in kept["text"]
    assert [one["number"] for one in kept["versions"]] in ([1, 2], [2, 1])


def test_a_text_is_shown_as_it_would_be_cut(root):
    told = root("preview", title="T", text="## One\n\na\n\n## Two\n\nb")
    assert [one["heading"] for one in told["pieces"]] == ["One", "Two"]
    assert root("preview", title="T", text="## Only a heading")["code"] == "refused"


def test_a_file_comes_in_pieces_and_its_bad_rows_are_named(root):
    result = taken(root, put(root, FAQ.encode(), step=10))
    assert (result["new"], result["changed"]) == (1, 0)
    [[source, reason]] = result["refused"]
    assert source == "faq.csv#2"
    assert "cells" in reason
    again = taken(root, put(root, FAQ.replace("may", "can").encode()))
    assert (again["new"], again["changed"]) == (0, 1)


def test_who_sees_new_articles_is_said_by_file_or_page(root):
    for name, visibility in (("a.md", "internal"), ("b.md", "public")):
        result = taken(root, put(root, b"# Hello\n\ntext of it", name), name, visibility)
        [article] = result["articles"]
        assert root("article", article=article)["article"]["visibility"] == visibility
    root("show_to", article=article, visibility="internal")
    result = taken(root, put(root, b"# Hello\n\nchanged", "b.md"), "b.md", "public")
    told = root("article", article=result["articles"][0])["article"]
    assert (told["visibility"], told["version"]) == ("internal", 2)


@pytest.mark.parametrize("name", ["../../etc/passwd.md", "a/b/c.md", "x.md\x00.pdf", "é.md"])
def test_names_are_never_paths(root, name):
    result = taken(root, put(root, b"text", name), name)
    assert result["new"] == 1 or result["refused"] or result.get("error")


def test_pieces_that_do_not_fit_are_refused(root):
    put(root, b"abc", key="k1")
    for start, size, data in ((1, 3, "YQ=="), (0, 50_000_001, "YQ=="), (0, 0, ""), (0, 1, "YWI=")):
        told = root("put", upload="k1", name="a.md", size=size, start=start, data=data)
        assert told["code"] in ("refused", "not_found"), (start, size)
    assert root("put", upload="k2", name="a.md", size=3, start=0, data="!")["code"] == "refused"
    assert root("take", upload="k2", name="a.md", visibility="public")["code"] == "refused"
    assert root("take", upload="none", name="a.md", visibility="public")["code"] == "not_found"


def test_anothers_file_is_not_there(root, team):
    key = put(root, b"only mine", "mine.md")
    product_roles(team, "bob", ("agent",))
    try:
        with team.door("bob") as door:
            told = door.call("take", at=PAGE, upload=key, name="a.md", visibility="public")
        assert told["code"] == "not_found"
    finally:
        product_roles(team, "bob", ("chatter",))
    assert taken(root, key, "mine.md")["new"] == 1


def product_roles(team, login, roles):
    from tests.support.team import product_of

    product = product_of(team.home)
    by = product.person()
    product.accounts.set_roles(by, product.accounts.find(by, login).id, roles)
    product.close()


def test_removed_is_gone_and_comes_back(root):
    article = write(root, "Guarantee", "Five years on frames.")["article"]["id"]
    root("remove", article=article)
    assert "Guarantee" not in str(root("articles")["rows"])
    assert all(hit["article"] != article for hit in root("ask", question="guarantee")["hits"])
    root("restore", article=article)
    assert "Guarantee" in str(root("articles")["rows"])


def test_filters(root):
    write(root, "Night shift", "Call the courier.", visibility="internal", tags=["courier"])
    listed = root("articles", visibility="internal", tag="courier")
    assert [row["title"] for row in listed["rows"]] == ["Night shift"]
    assert ["courier", 1] in listed["tags"]


def test_reviewers_read_and_change_nothing(rita, root):
    article = write(root, "Read only", "Text.")["article"]
    refused = [
        write(rita, "New", "Text."),
        write(rita, "Read only", "Changed.", article["id"], article["version"]),
        rita("show_to", article=article["id"], visibility="internal"),
        rita("remove", article=article["id"]),
        rita("restore", article=article["id"]),
        rita("put", upload="k", name="a.md", size=1, start=0, data="YQ=="),
        rita("take", upload="k", name="a.md", visibility="public"),
        rita("drop_lack", lack="none"),
    ]
    assert [told.get("code") for told in refused] == ["not_allowed"] * len(refused)
    assert root("article", article=article["id"])["article"]["version"] == article["version"]


def test_chatters_see_nothing(team):
    with team.door("alice") as door:
        for do in ("start", "articles", "lacking", "topics"):
            assert door.call(do, at=PAGE)["code"] == "not_allowed"
        told = door.call("ask", at=PAGE, question="courier")
        assert told["code"] == "not_allowed"


def test_input_that_nobody_types(root):
    assert root("article", article="none")["code"] == "not_found"
    assert root("passage", passage="")["code"] == "not_found"
    assert root("articles", visibility="secret")["code"] == "refused"
    assert root("articles", after="nonsense").get("code") in (None, "refused", "not_found")
    assert write(root, "T", "x", valid_from="tomorrow")["code"] == "refused"
    assert write(root, "", "")["code"] in ("empty_text", "refused")
    hostile = '<img src=x onerror=alert(1)> ${alert(1)} {{7*7}} "'
    article = write(root, hostile, hostile)["article"]
    assert article["title"] == " ".join(hostile.split())
