"""The docs site in Chromium, served from this machine, without any other network."""

import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.page.browser import start
from tests.site.small import build_small, write_small

ALL = pytest.mark.skipif(os.environ.get("QTCTL_CHROMIUM") != "all", reason="takes a minute: set QTCTL_CHROMIUM=all")
SHOWN = ("index", "registry", "findings", "cli", "matrix", "architecture", "from/ansible", "howto/read-a-finding")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def address(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where two versions are served: 1.1.0, and 1.0.0, which had two pages."""
    folder = built.parent
    build_small(write_small(tmp_path_factory.mktemp("small").resolve()), "1.0.0", to=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start() as started:
        yield started


class Visit:
    """A page whose requests to anywhere but the site fail, and are kept in `outside`; `said`: its errors."""

    def __init__(self, browser: Browser, address: str, width: int, scheme: str = "light") -> None:
        self.address = address
        self.outside: list[str] = []
        self.said: list[str] = []
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        self.page: Page = context.new_page()
        self.page.on("request", self._note)
        self.page.on("console", lambda each: self.said.append(each.text) if each.type == "error" else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.route(lambda url: not url.startswith((address, "data:", "blob:")), lambda route: route.abort())

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}/{path}", wait_until="networkidle")
        return self.page


@ALL
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_pages_fit_and_ask_nobody_else(browser: Browser, address: str, tmp_path: Path, width: int, scheme: str) -> None:
    visit = Visit(browser, address, width, scheme)
    shots = Path(os.environ.get("QTCTL_SHOTS", tmp_path))
    for name in SHOWN:
        page = visit.open(f"1.1.0/{name}.html")
        page.screenshot(path=shots / f"{name.replace('/', '-')}-{width}-{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert (visit.outside, visit.said) == ([], [])


def test_the_search_finds_a_finding(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1600)
    page = visit.open("1.1.0/index.html")
    page.keyboard.press("/")
    page.keyboard.type("QT505")
    page.get_by_text("QT505").first.wait_for()
    assert (visit.outside, visit.said) == ([], [])


@ALL
def test_another_version_is_chosen(browser: Browser, address: str) -> None:
    visit = Visit(browser, address, 1600)
    page = visit.open("")
    page.wait_for_url("**/1.1.0/index.html")
    page.locator(".md-version__current").focus()
    page.locator(".md-version__link", has_text="1.0.0").click()
    page.wait_for_url("**/1.0.0/**")
    assert (visit.outside, visit.said) == ([], [])


@ALL
def test_dark_is_chosen_by_hand(browser: Browser, address: str) -> None:
    page = Visit(browser, address, 1600).open("1.1.0/index.html")
    before = page.evaluate("document.body.getAttribute('data-md-color-scheme')")
    for _ in range(2):
        page.locator("form[data-md-component=palette] label:visible").first.click()
    assert page.evaluate("document.body.getAttribute('data-md-color-scheme')") != before
