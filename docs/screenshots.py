"""Take the README's two pictures of the pages, of a service with the shipped cases.

python docs/screenshots.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
SOFTBALANCE = str(Path(sys.executable).with_name("softbalance"))
PORT = "8719"
ADDRESS = f"http://127.0.0.1:{PORT}"


def main() -> None:
    """Start a service in an empty folder, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SOFTBALANCE, "cases", "--load", "--quiet"], cwd=folder, check=True)
        server = subprocess.Popen([SOFTBALANCE, "serve", "--port", PORT], cwd=folder)
        try:
            _await()
            _take()
        finally:
            server.terminate()
            server.wait()


def _await() -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{ADDRESS}/readyz"):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {ADDRESS}")


def _take() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1060})
        page.goto(ADDRESS)
        _save(page, "classifications")
        page.set_viewport_size({"width": 1280, "height": 860})
        page.get_by_role("link", name="Russian arms and nuclear sales to Iran").click()
        page.evaluate("document.querySelector('#proof').scrollIntoView()")
        page.get_by_role("link", name="material interest: sufficient").first.hover()
        _save(page, "proof")
        browser.close()


def _save(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)  # the fonts, and what fades
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
