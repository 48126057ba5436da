"""Chromium, as Debian has it, on a page that was saved to a file, without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"


@dataclass
class Opened:
    """`said`: what the page wrote to the console, and errors. `asked`: addresses that it wanted to load."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self) -> None:
        def dismiss(dialog: Dialog) -> None:
            self.said.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        def note(message: ConsoleMessage) -> None:
            self.said.append(f"{message.type}: {message.text}")

        self.page.on("console", note)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", dismiss)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def list_violations(self) -> list[str]:
        """What axe-core finds, with the elements."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


@contextmanager
def start() -> Iterator[Browser]:
    """The tests run as root, whom Chromium's own sandbox refuses."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def view(
    browser: Browser, file: Path, *, width: int = 1600, scheme: str = "light", script: bool = True
) -> Iterator[Opened]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
        offline=True,
        bypass_csp=False,
    )
    opened = Opened(context.new_page())
    opened.listen()
    try:
        opened.page.goto(file.as_uri())
        yield opened
    finally:
        context.close()
