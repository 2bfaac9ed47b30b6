"""A browser without a window, driven through Chrome's DevTools protocol."""

import base64
import io
import itertools
import json
import shutil
import subprocess
import time
import urllib.request

import numpy as np
import pytest
from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless=new", "--no-sandbox", "--use-angle=swiftshader")
OPTIONS += ("--enable-unsafe-swiftshader", "--remote-debugging-port=0")


class Tab:
    """One page of the browser."""

    def __init__(self, socket):
        self._socket, self._numbers = socket, itertools.count(1)

    def call(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=300))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, url, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=url)
        wait_for(lambda: self.run("document.readyState == 'complete' && location.port > 0"), 60)

    def run(self, script):
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def choose(self, present, wanted):
        """Choose an entry of the list that shows `present`."""
        self.run(f"document.querySelector('input[role=combobox][value={present}]').click()")
        options = "[...document.querySelectorAll('[role=option]')]"
        entry = f"{options}.find(each => each.innerText == '{wanted}' && each.offsetParent)"
        wait_for(lambda: self.run(f"Boolean({entry})"), 30)
        self.run(f"{entry}.click()")

    def tick(self, label):
        """Click the box with a label."""
        labels = "[...document.querySelectorAll('label')]"
        self.run(f"{labels}.find(each => each.innerText == '{label}').control.click()")

    def drag(self, selector, right):
        """Drag an element to the right, in pixels."""
        box = self.run(
            f"(b => [b.x + b.width / 2, b.y + b.height / 2])"
            f"(document.querySelector('{selector}').getBoundingClientRect())"
        )
        for kind, step in (("mousePressed", 0), ("mouseMoved", right), ("mouseReleased", right)):
            place = {"x": box[0] + step, "y": box[1], "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, **place)

    def pixels(self):
        """A screenshot, uint8 [H, W, 3]."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        return np.array(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


@pytest.fixture(name="wait_for")
def _wait_for():
    return wait_for


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    """A tab of a browser; tests skip where there is no Chromium, or no viser."""
    pytest.importorskip("viser", reason="needs viser, the extra viewer")
    if (program := next(filter(None, map(shutil.which, NAMES)), None)) is None:
        pytest.skip(f"needs a browser: {', '.join(NAMES)}")
    from websockets.sync.client import connect

    folder = tmp_path_factory.mktemp("browser")
    command = [program, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = wait_for(lambda: _port(folder), 60)
        pages = wait_for(lambda: _pages(port), 60)
        with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Tab(socket)
    finally:
        browser.terminate()
        browser.wait(30)


def wait_for(look, seconds):
    """Look again and again until there is something."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"nothing after {seconds} s"
        time.sleep(0.2)
    return seen


def _port(folder):
    file = folder / "DevToolsActivePort"
    lines = file.read_text().splitlines() if file.exists() else []
    return int(lines[0]) if len(lines) > 1 else None


def _pages(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
        return [page for page in json.load(answer) if page["type"] == "page"]
