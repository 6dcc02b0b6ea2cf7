"""Hostile text of people on the pages about people: it is shown, it runs and loads nothing.

Names, logins, e-mail addresses and browsers' descriptions come from outside; masking rules and
entries of the record are written straight into the database, longer and odder than any form lets
through. The payloads are those of test_page_text.py.
"""

from datetime import timedelta
from urllib.parse import quote

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip .[test]")

from playwright.sync_api import expect  # noqa: E402

from chatbot.options import Masking  # noqa: E402
from store import accounts, audit, sessions  # noqa: E402
from store.columns import now  # noqa: E402
from tests.support import corpora  # noqa: E402
from tests.support.canary import Canary  # noqa: E402
from tests.support.team import PASSWORD, Team, product_of  # noqa: E402
from tests.support.watching import Watched, ours  # noqa: E402
from ui.routes import FORM_LIMIT  # noqa: E402

pytestmark = pytest.mark.browser
SAMPLE = 5
"""Payloads of each file in `make test`; `make test-all` takes them all."""
AT_ONCE = 700
"""People of one server, where all payloads are tried."""
SHOWN = "main *, dialog *, header *, .menu *, .toast *"
PATIENCE = 60_000
"""Milliseconds for what opens a page first."""
MALLORY = "<img src=x onerror=alert(1)> ${alert(1)} {{alert(1)}}"


@pytest.fixture(scope="module")
def canary():
    with Canary() as canary:
        yield canary


@pytest.fixture(autouse=True)
def nobody_asked(canary):
    yield
    assert canary.asked == []


def fill(home, texts):
    """People who are called so, their logins, what they did, and rules that hold it."""
    product = product_of(home)
    by = product.person()
    view = product.accounts.add(
        by, login="mallory", name="Mallory", roles=["chatter", "admin"], password=PASSWORD
    )
    product.options.set(by, Masking(keep=[text[:100] for text in texts[:500]]), 0)
    link = product.accounts.invite(by, login="guest", name="Guest", roles=["chatter"])
    with product.archive.main.writing() as session:
        mallory = accounts.account(session, view.id)
        was = (mallory.person.name, None)
        assert accounts.set_profile(session, mallory.person.id, MALLORY, texts[0][:300], was)
        for number, text in enumerate(texts):
            login = f"{text[:200]} {number}"
            person = accounts.add_person(session, text[:200], login=login, email=text[:320])
            accounts.set_active(session, person.id, active=number % 3 != 0)
            audit.add(
                session, person.public_id, text[:40], text[:40], text[:200], {text[:90]: text[:200]}
            )
            if number < 40:
                log_in_from(session, mallory.person.id, text, number)
    product.close()
    return link.path


def log_in_from(session, user_id, agent, number):
    at = now()
    sessions.add(
        session,
        user_id,
        f"{number:064d}",
        at=at,
        expires_at=at + timedelta(days=1),
        address=agent[:100],
        agent=agent[:300],
    )


class Place:
    """A server, and what its people are called."""

    def __init__(self, folder, texts):
        self.texts = texts
        self.team = Team(folder)
        self.link = fill(self.team.home, texts)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory, canary, public_data):
    texts = [*ours(canary.address), *corpora.hostile(public_data, SAMPLE)]
    place = Place(tmp_path_factory.mktemp("people"), texts)
    yield place
    place.team.stop()


def look(watched):
    """What went wrong. Our own forms are forms; none may lead anywhere but here."""
    return [one for one in watched.look(SHOWN) if one != "FORM"]


def squeezed(text):
    return " ".join(text.split())


def together(texts):
    """Texts in one field, as many as a form may send: thousands of visits would take hours."""
    field = []
    for text in texts:
        if field and len(quote("\n".join([*field, text]))) > FORM_LIMIT - 2000:
            yield "\n".join(field)
            field = []
        field.append(text)
    yield "\n".join(field)


def in_browser(place, context, path, login="root"):
    watched = Watched(context, place.team.address)
    page = watched.page
    page.goto(f"{place.team.address}/login?next={path}")
    page.get_by_label("Name or e-mail").fill(login)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible(timeout=PATIENCE)
    return watched


def tab(page, name):
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tabpanel", name=name).locator("section").first).to_be_visible(
        timeout=PATIENCE
    )


def check_plain(place, watched, path, texts):
    """Fill a text in as the name and read it again on the page that refuses it."""
    page = watched.page
    for text in texts:
        page.goto(f"{place.team.address}{path}?next={quote(text[:400], safe='')}")
        with page.expect_navigation():
            page.evaluate(
                """(text) => {
                  const form = document.forms[0];
                  form.noValidate = true;
                  form.elements.name.type = 'hidden';  // keeps the ends of lines
                  form.elements.name.value = text;
                  form.elements.password.value = 'short';
                  form.submit();
                }""",
                text,
            )
        expect(page.locator("#problem")).to_be_visible()
        shown = page.locator("#name").evaluate("(box) => box.getAttribute('value')")
        assert squeezed(shown) == squeezed(text.replace("\r\n", "\n"))
        assert page.locator("form").count() == 1
        assert page.locator("main script, main img, main iframe, main style").count() == 0
        assert page.evaluate("window.ran") == []
    assert look(watched) == []


def check_people(place, watched):
    page = watched.page
    rows = page.get_by_role("table", name="People").locator("tbody tr")
    expect(rows).to_have_count(len(place.texts) + 6, timeout=PATIENCE)
    read = "\n".join(squeezed(text) for text in rows.all_text_contents())
    for text in place.texts:
        assert squeezed(text[:200])[:40] in read
    assert look(watched) == []


def check_record(place, watched, pages):
    page = watched.page
    tab(page, "Record")
    record = page.get_by_role("region", name="Record")
    rows = record.locator("tbody tr")
    for number in range(pages):
        expect(rows).to_have_count(50 * (number + 1), timeout=PATIENCE)
        record.get_by_role("button", name="Load more").click()
    expect(rows.nth(50 * pages)).to_be_visible(timeout=PATIENCE)
    assert look(watched) == []


def test_login_form_shows_what_was_typed_as_text(sampled, context):
    check_plain(sampled, Watched(context, sampled.team.address), "/login", sampled.texts[::6])


def test_invitation_shows_what_was_typed_as_text(sampled, context):
    watched = Watched(context, sampled.team.address)
    check_plain(sampled, watched, sampled.link, sampled.texts[1::6])


def test_people_are_text(sampled, context):
    watched = in_browser(sampled, context, "/admin")
    check_people(sampled, watched)
    page = watched.page
    for entry in ("Name and e-mail…", "Roles…", "Logins…"):
        page.get_by_role("row").filter(has_text="mallory").get_by_role("button").click()
        assert look(watched) == []
        page.get_by_role("menuitem", name=entry).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("onerror=alert(1)")
        assert look(watched) == []
        page.keyboard.press("Escape")
    forget = page.get_by_role("region", name="Forget a person")
    for words in ("<img", "mallory"):
        forget.get_by_role("textbox").first.fill(words)
        forget.get_by_role("button", name="Find").click()
        expect(forget).to_contain_text("onerror")
        assert look(watched) == []


def test_record_is_text(sampled, context):
    check_record(sampled, in_browser(sampled, context, "/admin"), pages=1)


def test_rules_are_text(sampled, context):
    watched = in_browser(sampled, context, "/admin")
    page = watched.page
    tab(page, "Masking")
    kept = page.get_by_label("Names that are no secret, one a line")
    expect(kept).to_have_value("\n".join(text[:100] for text in sampled.texts[:500]))
    leaves = page.get_by_role("region", name="What leaves")
    for text in sampled.texts[:30]:
        page.get_by_label("Sample text").fill(f"{text} sent by it@lamps.test")
        expect(leaves).to_contain_text("sent by ⟨email")
    assert look(watched) == []
    page.get_by_role("button", name="Add a pattern").click()
    page.get_by_label("Name of pattern 1").fill(MALLORY)
    page.get_by_role("button", name="Save rules").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert look(watched) == []
    for name in ("Rules", "System"):
        tab(page, name)
        assert look(watched) == []


def test_own_page_is_text(sampled, context):
    watched = in_browser(sampled, context, "/account", "mallory")
    page = watched.page
    logins = page.get_by_role("region", name="Logins").get_by_role("listitem")
    expect(logins).to_have_count(41)
    expect(page.get_by_label("Name", exact=True)).to_have_value(MALLORY)
    assert look(watched) == []
    page.get_by_label("E-mail, optional").fill("<svg onload=alert(1)>")
    page.get_by_role("region", name="You").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("no e-mail address")
    page.get_by_label("Type mallory to confirm").fill(MALLORY)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("alert").last).to_contain_text("Type it again")
    assert look(watched) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_people_are_text(tmp_path_factory, context, canary, public_data):
    texts = [*ours(canary.address), *corpora.hostile(public_data)]
    for start in range(0, len(texts), AT_ONCE):
        place = Place(tmp_path_factory.mktemp("part"), texts[start : start + AT_ONCE])
        try:
            watched = in_browser(place, context, "/admin")
            check_people(place, watched)
            check_record(place, watched, pages=len(place.texts) // 50)
            watched.page.close()
            context.clear_cookies()
        finally:
            place.team.stop()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_forms_show_everything_as_text(sampled, context, public_data):
    fields = list(together(corpora.hostile(public_data)))
    assert 50 < len(fields) < 1000
    for path in ("/login", sampled.link):
        check_plain(sampled, Watched(context, sampled.team.address), path, fields)
