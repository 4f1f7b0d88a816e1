"""A real browser, driven through a pipe by its own protocol: a page at some width, light or dark, and what it says."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from importlib import util
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
# The browser reads its orders from descriptor 3 and answers on 4. A shell puts them there; Python would have to fork.
SHELL = 'exec "$0" "$@" 3<&0 4>&1 1>&2'
SECONDS = 60
WIDTH = "inside => inside.document.documentElement.scrollWidth"
# Browsers give the keyboard whatever scrolls; this axe-core is older than that.
OF_AA = {
    "resultTypes": ["violations"],
    "preload": False,  # what a page from a folder may not ask for again
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "rules": {"scrollable-region-focusable": {"enabled": False}},
}
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
FAULTS = """async options => (await axe.run(document, options)).violations.flatMap(
  rule => rule.nodes.map(node => [rule.id, node.html.slice(0, 200), node.failureSummary.split("\\n")[1]]))"""


class Browser:
    """One window of Chromium; what it shows asks for no motion."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        command = ["sh", "-c", SHELL, CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        with (folder / "browser.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=orders, stdout=answers, stderr=log)
        os.close(orders)
        os.close(answers)
        self._numbers, self._unread, self._session = itertools.count(1), b"", None
        self._loaded, self.faults, self.requests = False, [], []
        target = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._tell(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._orders)  # at the end of its orders it goes
        os.close(self._answers)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def open(self, address: str, width: int = 1280, scheme: str = "light") -> None:
        """Show a page; `faults` are its errors of scripts, `requests` what it asked of other machines."""
        self.show_as(width, scheme)
        self._loaded, self.faults, self.requests = False, [], []
        self._tell("Page.navigate", url=address)
        while not self._loaded:
            self._hear()
        self.ask(DRAWN)

    def show_as(self, width: int, scheme: str) -> None:
        """Another width, and light or dark as if the system had changed."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self._tell("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in features.items()])
        self.ask(DRAWN)

    def ask(self, question: str, *arguments: object) -> Any:
        """What a function in JavaScript says, once it is sure."""
        call = f"({question})({', '.join(map(json.dumps, arguments)) or 'window'})"
        said = self._tell("Runtime.evaluate", expression=call, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def below_aa(self) -> list[list[str]]:
        """What axe-core finds against WCAG 2.1 AA: rule, element, what to mend."""
        found = util.find_spec("axe_core_python")
        assert found is not None
        assert found.origin is not None
        self._tell("Runtime.evaluate", expression=Path(found.origin).with_name("axe.min.js").read_text("utf-8"))
        return self.ask(FAULTS, OF_AA)

    def picture(self, path: Path, whole: bool = False) -> None:
        """The window, or the whole page, as a PNG."""
        path.write_bytes(base64.b64decode(self._tell("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))

    def _tell(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        order = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        while (answer := self._hear()).get("id") != number:
            pass
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _hear(self) -> dict[str, Any]:
        """The next message, which is noted if it is an event."""
        until = time.monotonic() + SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], max(until - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            read = os.read(self._answers, 1 << 20)
            assert read, "the browser ended"
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\0")
        message = json.loads(line)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, told = message.get("method"), message.get("params", {})
        self._loaded |= method == "Page.loadEventFired"
        if method == "Runtime.exceptionThrown":
            self.faults.append(told["exceptionDetails"].get("exception", {}).get("description", told))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.faults.append(told["entry"]["text"])
        elif method == "Network.requestWillBeSent" and told["request"]["url"].startswith("http"):
            self.requests.append(told["request"]["url"])
