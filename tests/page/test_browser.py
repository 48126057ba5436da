"""The page in a browser: with the keyboard alone, at every width, in the dark, on paper, without a network."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.page.broken import write_broken
from tests.page.browser import start, view
from tests.page.fleet import save_fleet_page
from tests.page.hostile import write_hostile
from tests.page.written import write_page

ALL = pytest.mark.skipif(
    os.environ.get("QTCTL_CHROMIUM") != "all", reason="takes 40 s with the others: set QTCTL_CHROMIUM=all"
)
WIDTHS = (360, 1600)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start() as started:
        yield started


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    to = folder / "page.html"
    to.write_text(write_page(write_broken(folder / "e.json")))
    return to


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    to = folder / "page.html"
    to.write_text(write_page(write_hostile(folder / "e.json")))
    return to


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_fleet_page(tmp_path_factory.mktemp("fleet") / "page.html", ("web-1", "web-2"), ["web-2"])


def count_shown(page: Page) -> int:
    return int(page.locator("#count").inner_text().partition(" ")[0].replace(",", ""))


def focused(page: Page) -> str:
    said: str = page.evaluate("document.activeElement.id || document.activeElement.tagName")
    return said


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_page_is_filtered_with_the_keyboard_and_says_nothing(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        page = opened.page
        every = count_shown(page)
        press(page, "/")
        assert focused(page) == "q"
        page.keyboard.type("portfolio restart")
        assert count_shown(page) == 1
        assert page.locator("#count").inner_text() == f"1 of {every} shown"
        assert page.locator(".rows > li:visible").count() == 1
        press(page, "Escape")
        assert count_shown(page) == every
        assert (opened.said, opened.asked) == ([], [broken.as_uri()])


@ALL
def test_tab_reaches_everything_and_space_works(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        page = opened.page
        press(page, "Tab")
        assert page.locator(".skip").evaluate("each => each === document.activeElement")
        press(page, "Enter", "Tab")
        reached = [focused(page)]
        for _ in range(8):
            press(page, "Tab")
            reached.append(focused(page))
        assert reached[0] == "q"
        assert "all" in reached
        page.locator("input[value=error]").focus()
        press(page, "Space")
        assert page.locator(".rows > li[data-s=error]:visible").count() == 0
        press(page, "Space", "Escape")
        page.evaluate("document.activeElement.blur()")
        press(page, "j", "j")
        assert focused(page) == "SUMMARY"
        opened_before = page.locator("details.cause[open]").count()
        press(page, "Enter")
        assert page.locator("details.cause[open]").count() == opened_before - 1
        press(page, "k")
        assert page.locator("details.cause summary").first.evaluate("each => each === document.activeElement")
        assert opened.said == []


@ALL
def test_what_is_copied_is_the_command(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        page = opened.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.locator(".run .copy").first
        button.focus()
        press(page, "Enter")
        page.wait_for_function("document.querySelector('#said').textContent === 'Copied'")
        command = page.locator(".run kbd").first.inner_text()
        assert page.evaluate("navigator.clipboard.readText()") == command
        assert command.startswith("journalctl -u quantum-ai-engine.service")


@ALL
def test_a_tile_picks_what_it_counts(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        for tile in opened.page.locator(".tiles li:has(button)").all():
            tile.locator("button").click()
            assert count_shown(opened.page) == int(tile.locator("b").inner_text().replace(",", ""))


@ALL
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_width_in_light_and_dark(browser: Browser, broken: Path, width: int, scheme: str) -> None:
    with view(browser, broken, width=width, scheme=scheme) as opened:
        page = opened.page
        page.locator("#all").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.list_violations() == []
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        assert opened.said == []


@ALL
def test_on_paper_every_finding_is_there(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        page = opened.page
        page.emulate_media(media="print")
        assert not page.locator("#filter").is_visible()
        assert not page.locator("nav").is_visible()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert all(each.is_visible() for each in page.locator(".rows > li").all())
        assert page.pdf(format="A4").startswith(b"%PDF")


@ALL
def test_without_a_script_it_can_be_read(browser: Browser, broken: Path) -> None:
    with view(browser, broken, script=False) as opened:
        page = opened.page
        assert not page.locator("#filter").is_visible()
        assert page.locator("details.cause[open] .proof").first.is_visible()
        last = page.locator("details.cause").last
        assert not last.locator(".rows > li").first.is_visible()
        last.locator("summary").click()
        assert last.locator(".rows > li").first.is_visible()


@ALL
@pytest.mark.parametrize("width", WIDTHS)
def test_a_host_of_a_fleet_opens(browser: Browser, fleet: Path, width: int) -> None:
    with view(browser, fleet, width=width) as opened:
        page = opened.page
        member = page.locator("details.member").first
        assert not member.locator("figure").first.is_visible()
        member.locator("summary").focus()
        press(page, "Enter")
        member.locator("figure").first.wait_for(state="visible")
        assert member.locator("svg .bad").count() > 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert opened.list_violations() == []
        assert opened.said == []


@ALL
def test_on_paper_every_host_is_there(browser: Browser, fleet: Path) -> None:
    with view(browser, fleet) as opened:
        page = opened.page
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert all(each.is_visible() for each in page.locator("details.member figure").all())
        assert page.locator("details.member figure").count() >= 2
        assert page.locator("noscript").count() == 0


@ALL
def test_without_a_script_a_host_of_a_fleet_opens(browser: Browser, fleet: Path) -> None:
    with view(browser, fleet, script=False) as opened:
        member = opened.page.locator("details.member").last
        member.locator("summary").click()
        assert member.locator("figure").first.is_visible()


@ALL
def test_names_of_a_hostile_host_do_nothing(browser: Browser, hostile: Path) -> None:
    with view(browser, hostile) as opened:
        page = opened.page
        page.locator("#all").click()
        press(page, "/")
        page.keyboard.type("<script>")
        assert count_shown(page) > 0
        for each in page.locator("summary, .copy, a").all()[:80]:
            each.dispatch_event("click")
        assert page.locator("main script, main img, main iframe").count() == 0
        assert page.url.partition("#")[0] == hostile.as_uri()
        assert (opened.said, opened.asked) == ([], [hostile.as_uri()])


@ALL
def test_the_policy_stops_what_would_be_added(browser: Browser, broken: Path) -> None:
    with view(browser, broken) as opened:
        opened.page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "document.title = 'taken'";
                document.body.append(script);
                const image = document.createElement("img");
                image.src = "http://127.0.0.1:9/x";
                document.body.append(image);
            }"""
        )
        assert opened.page.title() != "taken"
        assert len(opened.said) == 2
        assert all("Content Security Policy" in said for said in opened.said)
