"""A headless Chromium, driven through its DevTools protocol."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import websocket

from . import programs
from .shell import SetupError

#: Seconds that a page has to load, or something on it to appear.
PATIENCE = 60
#: Seconds within which Chromium answers.
ANSWER = 120
#: Nothing moves, blinks or greets while a picture is taken.
STILL = """
*, *::before, *::after {
    transition: none !important; animation: none !important;
    caret-color: transparent !important; scroll-behavior: auto !important;
}
.o-mail-ChatHub, .o_notification_manager, .o_tour_pointer {display: none !important}
"""
#: Fulfilled when the page has not changed for a while.
QUIET = """new Promise(resolve => {
    let timer = setTimeout(resolve, 700, true);
    new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(resolve, 700, true);
    }).observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
    setTimeout(resolve, 15000, true);
})"""


class Browser:
    """One window of Chromium; a context manager that ends it."""

    def __enter__(self):
        self._home = Path(tempfile.mkdtemp(prefix="referral-browser-"))
        self._process = subprocess.Popen(
            [
                _chromium(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
                "--no-first-run", "--hide-scrollbars", "--disable-lcd-text",
                "--force-device-scale-factor=1", "--lang=en-US",
                "--remote-debugging-port=0", "--remote-allow-origins=*",
                f"--user-data-dir={self._home}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._last_id = 0
        try:
            self._socket = websocket.create_connection(self._address(), timeout=ANSWER)
            for domain in ("Page", "Runtime", "Network"):
                self.command(f"{domain}.enable")
            self.command(
                "Page.addScriptToEvaluateOnNewDocument",
                source="addEventListener('DOMContentLoaded', () => {"
                "const style = document.createElement('style');"
                f"style.textContent = {json.dumps(STILL)};"
                "document.head.append(style)});",
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _address(self):
        """Return the address of the window's socket.

        :raise SetupError: if Chromium does not start
        """
        port_file = self._home / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError, IndexError, StopIteration):
                port = port_file.read_text().splitlines()[0]
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/json/list", timeout=10
                ) as answer:
                    return next(
                        page["webSocketDebuggerUrl"]
                        for page in json.load(answer)
                        if page["type"] == "page"
                    )
            time.sleep(0.1)
        raise SetupError("Chromium does not start", "run chromium --headless by hand")

    # === Talking === #

    def command(self, method, **params):
        """Send a command of the protocol and return its result.

        :raise SetupError: with Chromium's own words, if it refuses
        """
        self._last_id += 1
        self._socket.send(
            json.dumps({"id": self._last_id, "method": method, "params": params})
        )
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._last_id:
                break
        if "error" in answer:
            raise SetupError(
                f"{method}: {answer['error']['message']}",
                "look at the page in question",
            )
        return answer["result"]

    def evaluate(self, expression):
        """Run JavaScript on the page and return its value; promises are awaited.

        :raise SetupError: if it throws
        """
        result = self._evaluate(expression)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            raise SetupError(f"JavaScript failed: {text}", "look at the page")
        return result["result"].get("value")

    def _evaluate(self, expression, tries=5):
        """Run JavaScript; on the next page if this one is replaced meanwhile."""
        try:
            return self.command(
                "Runtime.evaluate",
                expression=expression,
                awaitPromise=True,
                returnByValue=True,
            )
        except SetupError as error:
            if "navigated" not in str(error) or not tries:
                raise
            time.sleep(0.5)
            return self._evaluate(expression, tries - 1)

    # === Doing === #

    def resize(self, width, height, phone=False):
        """Give the window a size in CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )

    def open(self, url):
        """Open an address and wait until the page is there."""
        self.command("Page.navigate", url=url)
        self.settle()

    def settle(self):
        """Wait until the page has loaded, with its pictures and typefaces."""
        self.wait("document.readyState === 'complete'", "the page's end")
        self.evaluate("document.fonts.ready.then(() => true)")
        self.evaluate(QUIET)

    def wait(self, condition, what=None):
        """Wait until an expression is true.

        :raise SetupError: naming what did not come
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # the page may just be replaced by the next one
            with contextlib.suppress(SetupError):
                if self.evaluate(f"Boolean({condition})"):
                    return
            time.sleep(0.1)
        raise SetupError(
            f"{what or condition} did not come on {self.evaluate('location.href')}",
            "look at the page, and correct the step that waits for it",
        )

    def forget(self):
        """Forget who is logged in, and all else that pages have stored."""
        self.command("Network.clearBrowserCookies")

    def press(self, x, y):
        """Press and release the mouse's button at a point of the page."""
        for kind in ("mousePressed", "mouseReleased"):
            self.command(
                "Input.dispatchMouseEvent",
                type=kind, x=x, y=y, button="left", clickCount=1,
            )  # fmt: skip

    def leave(self):
        """Move the mouse into the corner, where nothing is pointed at."""
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=0, y=0)

    def write(self, text):
        """Type a text into what has the focus."""
        self.command("Input.insertText", text=text)

    def photograph(self, clip=None):
        """Return a picture of the window as PNG bytes.

        :param clip: (x, y, width, height) in CSS pixels of the page
        """
        params = {}
        if clip:
            names = ("x", "y", "width", "height")
            params["clip"] = dict(zip(names, clip, strict=True), scale=1)
        answer = self.command(
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=bool(clip),
            **params,
        )
        return base64.b64decode(answer["data"])


def _chromium():
    names, _why = programs.NEEDED["chromium"]
    programs.ensure()
    return next(filter(None, map(shutil.which, names)))
