"""The page with the calendars, in a real Chromium."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from deploy.sandbox.organisation import organisation
from deploy.sandbox.stand_in import RunningEmulator, start_emulator
from tests.conftest import EWS_PASSWORD, EWS_USER
from tests.emulator.soap import TIMEOUT_SECONDS, Client, codes, envelope

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ZONE = "Europe/Copenhagen"
PEOPLE = 5000
HOSTILE = "Håkan – Ærø 🎬 <b>&amp;<script>document.title='broken'</script>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    boxes: list[dict[str, str]] = [
        {"address": "anna@example.com", "name": "Anna Andersson"},
        {"address": "bo@example.com", "name": "Bo <i>Berg</i>"},
        {"address": "suite-4@example.com", "name": "Suite 4", "kind": "room"},
    ]
    boxes += [{"address": f"person-{n}@example.com", "name": f"Person {n:04}"} for n in range(PEOPLE)]
    everybody = organisation(boxes, user=EWS_USER, password=EWS_PASSWORD, impersonate=["*"])
    with start_emulator(everybody, tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test if a script fails or the security policy is broken."""
    context = browser.new_context(timezone_id=ZONE, viewport={"width": 1360, "height": 860})
    context.set_default_timeout(TIMEOUT_SECONDS * 1000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def console(message: ConsoleMessage) -> None:
        # That the emulator was away is what one of the tests is about.
        if message.type == "error" and "ERR_CONNECTION_REFUSED" not in message.text:
            problems.append(message.text)

    page.on("console", console)
    yield page
    context.close()
    assert problems == []


def monday(weeks: int = 0) -> datetime:
    """Monday midnight of this week, in the browser's zone."""
    today = datetime.now(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def book(
    emulator: RunningEmulator,
    mailbox: str,
    title: str,
    start: datetime,
    hours: float,
    extra: str = "",
    before: str = "",
) -> None:
    """Put an entry into a calendar over EWS. `extra`, `before`: elements after the times, and before them."""
    end = start + timedelta(hours=hours)
    title = title.replace("&", "&amp;").replace("<", "&lt;")
    times = f"<t:Start>{start.astimezone(UTC):%FT%TZ}</t:Start><t:End>{end.astimezone(UTC):%FT%TZ}</t:End>"
    item = f"<t:CalendarItem><t:Subject>{title}</t:Subject>{before}{times}{extra}</t:CalendarItem>"
    body = f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{item}</m:Items></m:CreateItem>'
    answer = Client(emulator).post(envelope(body, mailbox))
    assert codes(answer) == ["NoError"], answer.text


def delete_all(emulator: RunningEmulator, mailbox: str) -> None:
    find = (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>'
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
    )
    client = Client(emulator)
    found = client.post(envelope(find, mailbox)).text
    ids = "".join(f'<t:ItemId Id="{number}"/>' for number in re.findall(r'<t:ItemId Id="([^"]+)"', found))
    delete = (
        '<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone">'
        f"<m:ItemIds>{ids}</m:ItemIds></m:DeleteItem>"
    )
    assert set(codes(client.post(envelope(delete, mailbox)))) == {"NoError"}


def open_page(page: Page, emulator: RunningEmulator, **query: str) -> None:
    page.goto(f"{emulator.page_url}?{urlencode(query)}")
    expect(page.locator("#state")).to_have_text("Live")


def entry(page: Page, title: str) -> Locator:
    return page.locator(".entry", has=page.get_by_text(title, exact=True))


def test_everything_comes_from_the_emulator_under_a_strict_policy(page: Page, served: RunningEmulator) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    open_page(page, served)
    assert hosts == {served.page_url.split("/")[2]}
    policy = requests.get(served.page_url, timeout=TIMEOUT_SECONDS).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_thousands_of_mailboxes_are_a_short_list(page: Page, served: RunningEmulator) -> None:
    open_page(page, served)
    expect(page.locator("#found")).to_have_text(f"{PEOPLE + 3:,} mailboxes")
    assert page.locator(".mailbox").count() < 60
    page.locator("#mailboxes").evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.get_by_role("option", name="Suite 4")).to_be_visible()
    page.get_by_role("button", name="Rooms").click()
    expect(page.locator(".mailbox")).to_have_count(1)


def test_a_created_changed_and_deleted_entry_shows_at_once(page: Page, served: RunningEmulator) -> None:
    open_page(page, served, mailbox="bo@example.com")
    expect(page.locator("#name")).to_have_text("Bo <i>Berg</i>")
    expect(page.locator(".empty")).to_be_visible()
    page.evaluate("window.kept = true")
    before = int(page.locator("#changes").inner_text().replace(",", ""))
    book(
        served, "bo@example.com", HOSTILE, monday() + timedelta(days=1, hours=9), 2, "<t:Location>Suite 4</t:Location>"
    )
    shown = entry(page, HOSTILE)
    expect(shown).to_be_visible()
    expect(shown).to_have_class(re.compile("fresh"))
    expect(shown).to_contain_text("09:00 – 11:00")
    expect(page.locator("#said")).to_have_text("1 entry has changed.")
    expect(page.locator("#changes")).to_have_text(str(before + 1))
    delete_all(served, "bo@example.com")
    expect(page.locator("[data-id]")).to_have_count(0)
    expect(page.locator(".empty")).to_be_visible()
    assert page.evaluate("window.kept") is True
    assert page.title().startswith("Bo <i>Berg</i>")


def test_how_entries_look(page: Page, served: RunningEmulator) -> None:
    box = "anna@example.com"
    day = monday(1) + timedelta(days=2)
    status = "<t:LegacyFreeBusyStatus>Tentative</t:LegacyFreeBusyStatus>"
    categories = "<t:Categories><t:String>Grading</t:String></t:Categories>"
    book(
        served, box, "First", day + timedelta(hours=8), 4, status, f"<t:Sensitivity>Private</t:Sensitivity>{categories}"
    )
    book(served, box, "Second", day + timedelta(hours=9), 4)
    book(served, box, "Whole day", day, 48, "<t:IsAllDayEvent>true</t:IsAllDayEvent>")
    open_page(page, served, mailbox=box, week=f"{day:%F}")
    first, second, whole = entry(page, "First"), entry(page, "Second"), entry(page, "Whole day")
    expect(first).to_have_attribute("data-show", "Tentative")
    expect(first).to_contain_text("Grading")
    expect(first.locator(".icon")).to_be_visible()
    assert "repeating-linear-gradient" in first.evaluate("node => getComputedStyle(node).backgroundImage")
    expect(second.locator(".icon")).to_have_count(0)
    left, right = first.bounding_box(), second.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] < right["y"] < left["y"] + left["height"]
    across = whole.bounding_box()
    assert across is not None
    assert across["width"] > 1.8 * page.locator(".column").nth(2).evaluate("node => node.clientWidth")
    assert across["y"] < left["y"]


def test_zones(page: Page, served: RunningEmulator) -> None:
    box = "suite-4@example.com"
    start = monday(2) + timedelta(days=3, hours=20)
    book(served, box, "Evening", start, 2)
    whole_day = '<t:IsAllDayEvent>true</t:IsAllDayEvent><t:StartTimeZone Id="Romance Standard Time"/>'
    book(served, box, "That day", monday(2) + timedelta(days=3), 24, whole_day)
    open_page(page, served, mailbox=box, week=f"{start:%F}")
    expect(page.locator("#zone")).to_have_value(ZONE)
    expect(page.locator(f'[data-column="{start:%F}"]')).to_contain_text("20:00 – 22:00")
    page.locator("#zone").select_option("Asia/Tokyo")
    tokyo = start.astimezone(ZoneInfo("Asia/Tokyo"))
    expect(page.locator(f'[data-column="{tokyo:%F}"]')).to_contain_text(f"{tokyo:%H:%M} – ")
    assert "tz=Asia%2FTokyo" in page.url
    expect(entry(page, "That day")).to_have_css("grid-column-start", "4")
    open_page(page, served, mailbox=box, week=f"{start:%F}", tz="America/New_York")
    expect(page.locator(f'[data-column="{start:%F}"]')).to_contain_text("14:00 – 16:00")
    expect(entry(page, "That day")).to_have_css("grid-column-start", "4")


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "UTC"])
def test_the_page_knows_when_a_date_begins(page: Page, served: RunningEmulator, zone: str) -> None:
    """Both changes of the clock, in two zones at midnight itself, where the date begins an hour later."""
    dates = [datetime(2018, 1, 1, tzinfo=UTC).date() + timedelta(days=n) for n in range(365)]
    expected = []
    for date in dates:
        begins = datetime(date.year, date.month, date.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if begins.astimezone(ZoneInfo(zone)).date() < date:
            begins += timedelta(hours=1)
        expected.append(int(begins.timestamp()) * 1000)
    open_page(page, served)
    script = """async ([dates, zone]) => {
        const { startOfDate } = await import("/zones.js");
        return dates.map((date) => startOfDate(date, zone).getTime());
    }"""
    found = page.evaluate(script, [[date.isoformat() for date in dates], zone])
    wrong = [(str(d), f, e) for d, f, e in zip(dates, found, expected, strict=True) if f != e]
    assert wrong == []


@pytest.mark.parametrize("windows_id", ["New Zealand Standard Time", "Hawaiian Standard Time"])
def test_an_all_day_entry_keeps_its_date_wherever_it_was_made(served: RunningEmulator, windows_id: str) -> None:
    box = f"person-{len(windows_id)}@example.com"
    zone = ZoneInfo({"New Zealand Standard Time": "Pacific/Auckland"}.get(windows_id, "Pacific/Honolulu"))
    day = datetime(2026, 12, 9, tzinfo=zone)
    extra = f'<t:IsAllDayEvent>true</t:IsAllDayEvent><t:StartTimeZone Id="{windows_id}"/>'
    book(served, box, "There", day, 24, extra)
    query = urlencode({"mailbox": box, "start": "2026-12-07T00:00:00Z", "end": "2026-12-12T00:00:00Z"})
    [shown] = requests.get(f"{served.page_url}api/calendar?{query}", timeout=TIMEOUT_SECONDS).json()
    assert shown["dates"] == ["2026-12-09", "2026-12-10"]


def test_the_keyboard_is_enough(page: Page, served: RunningEmulator) -> None:
    book(
        served,
        "suite-4@example.com",
        "By keyboard",
        monday(4) + timedelta(hours=10),
        1,
        "<t:Location>Room</t:Location>",
    )
    open_page(page, served)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("suite 4")
    expect(page.locator("#found")).to_have_text(f"1 of {PEOPLE + 3:,} mailboxes")
    page.keyboard.press("Enter")
    expect(page.locator("#address")).to_have_text("suite-4@example.com")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator(f'[data-date="{monday(4):%F}"]')).to_be_visible()
    expect(entry(page, "By keyboard")).to_be_visible()
    reached = False
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('entry')"):
            reached = True
            break
    assert reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("10:00 – 11:00")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f'[data-date="{monday(4):%F}"]')).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f'[data-date="{monday(3):%F}"]')).to_be_visible()
    page.keyboard.press("t")
    expect(page.locator(f'[data-date="{monday():%F}"]')).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("#mailboxes")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#address")).to_have_text(f"person-{PEOPLE - 1}@example.com")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#address")).to_have_text("suite-4@example.com")


def test_it_comes_back_after_the_emulator_was_away(page: Page, served: RunningEmulator) -> None:
    open_page(page, served, mailbox="person-7@example.com")
    with page.expect_event("requestfailed"):
        served.add_fault("refuse")
    expect(page.locator("#state")).to_have_text("Reconnecting")
    served.clear_faults()
    book(served, "person-7@example.com", "Meanwhile", monday() + timedelta(hours=12), 1)
    expect(entry(page, "Meanwhile")).to_be_visible()
    expect(page.locator("#state")).to_have_text("Live")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("mailbox=nobody@example.com&start=2026-11-23T00:00:00Z&end=2026-11-30T00:00:00Z", 404),
        ("mailbox=anna@example.com&start=2026-11-23T00:00:00&end=2026-11-30T00:00:00", 400),
        ("mailbox=anna@example.com&start=2026-11-23T00:00:00Z&end=2027-11-30T00:00:00Z", 400),
        ("mailbox=anna@example.com&start=2026-11-23T00:00:00Z&end=2026-11-23T00:00:00Z", 400),
        ("mailbox=anna@example.com&start=x&end=y", 400),
        ("mailbox=anna@example.com", 400),
        ("mailbox=anna@example.com&start=2026-11-23T00:00:00Z&end=2026-11-30T00:00:00Z", 200),
    ],
)
def test_what_the_page_reads(served: RunningEmulator, query: str, status: int) -> None:
    assert requests.get(f"{served.page_url}api/calendar?{query}", timeout=TIMEOUT_SECONDS).status_code == status


@pytest.mark.parametrize("path", ["nothing", "../site.py", "static/app.js", "%2e%2e/site.py", "site.py"])
def test_only_the_pages_own_files_are_served(served: RunningEmulator, path: str) -> None:
    assert requests.get(served.page_url + path, timeout=TIMEOUT_SECONDS).status_code == 404


def test_the_page_is_read_only(served: RunningEmulator) -> None:
    assert requests.post(served.page_url, timeout=TIMEOUT_SECONDS).status_code == 405
