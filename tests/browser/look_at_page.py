#!/usr/bin/env python3
"""Opens an HTML file in a real headless Chromium and says what is wrong with it.

    look_at_page.py PAGE FOLDER

Looks at it as a desktop, a phone, a small phone, in the dark and as a printer would; a screenshot
of each goes to FOLDER. A fault is: a console message or error, a broken rule of the page's own
policy, any request but for the page itself, a page wider than the screen, text that is too faint or
that leaves its drawing, a drawing without words. Exit status 1 with one line a fault.

It speaks the DevTools protocol over two pipes: no port, no library.
https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

ANSWER_SECONDS = 120

VIEWS = [  # name, width in px, colours, medium
    ("desktop", 1280, "light", "screen"),
    ("dark", 1280, "dark", "screen"),
    ("phone", 360, "light", "screen"),
    ("phone-dark", 360, "dark", "screen"),
    ("small-phone", 320, "light", "screen"),
    ("print", 794, "light", "print"),
]

PROBE = r"""
(() => {
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`it is ${root.scrollWidth} px wide`);
  const parse = text => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const light = ([r, g, b]) => {
    const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const seen = new Set();
  const judge = (what, colour, element, least) => {
    const got = contrast(parse(colour), behind(element));
    const fault = `${what} has a contrast of ${got.toFixed(2)}, not ${least}`;
    if (got < least && !seen.has(fault)) { seen.add(fault); faults.push(fault); }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode()) {
    const owner = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || owner.localName === 'title') continue;
    ++words;
    const style = getComputedStyle(owner);
    const colour = owner.closest('svg') ? style.fill : style.color;
    judge(`'${walker.currentNode.data.trim().slice(0, 30)}'`, colour, owner, 4.5);
  }
  if (words < 10) faults.push(`there are ${words} texts`);
  for (const rect of document.querySelectorAll('rect')) {
    if (rect.classList.contains('idle')) continue;  // means: nothing
    const style = getComputedStyle(rect);
    const colour = rect.classList.contains('missing') ? style.stroke : style.fill;
    judge(`a bar '${rect.getAttribute('class')}'`, colour, rect, 3);
  }
  for (const svg of document.querySelectorAll('svg')) {
    const box = svg.getBoundingClientRect();
    if (!box.width) continue;
    if (!svg.getAttribute('aria-label') && !svg.hasAttribute('aria-hidden')) {
      faults.push('a drawing says nothing');
    }
    const texts = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect());
    texts.forEach((text, index) => {
      if (text.left < box.left - 1 || text.right > box.right + 1 || text.bottom > box.bottom + 1) {
        faults.push(`'${svg.querySelectorAll('text')[index].textContent}' leaves its drawing`);
      }
      for (const other of texts.slice(index + 1)) {
        if (text.left < other.right && other.left < text.right &&
            text.top < other.bottom && other.top < text.bottom) {
          faults.push(`'${svg.querySelectorAll('text')[index].textContent}' meets another text`);
        }
      }
    });
  }
  return faults;
})()
"""


class Browser:
    def __init__(self, profile):
        to_browser, self.out = os.pipe()
        self.answers, from_browser = os.pipe()
        # Well above 3 and 4, where the browser will have them.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_browser, from_browser)]
        os.close(to_browser)
        os.close(from_browser)

        def place():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=place)
        for end in ends:
            os.close(end)
        self.buffer = b""
        self.last_id = 0
        self.events = []

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            block = os.read(self.answers, 1 << 20)
            if not block:
                raise EOFError("the browser is gone")
            self.buffer += block
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.last_id += 1
        request = {"id": self.last_id, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            message = self.receive(deadline)
            if message.get("id") == self.last_id:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method):
        deadline = time.monotonic() + ANSWER_SECONDS
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive(deadline))


def faults_of_events(events, address):
    for event in events:
        parameters = event.get("params", {})
        if event["method"] == "Runtime.consoleAPICalled":
            yield f"console: {parameters['args']}"
        elif event["method"] == "Runtime.exceptionThrown":
            yield f"exception: {parameters['exceptionDetails'].get('text')}"
        elif event["method"] == "Log.entryAdded":
            yield f"log: {parameters['entry']['text']}"
        elif event["method"] == "Audits.issueAdded":
            yield f"issue: {parameters['issue']['code']}"
        elif event["method"] == "Network.requestWillBeSent":
            if parameters["request"]["url"] != address:
                yield f"request: {parameters['request']['url']}"


def look(browser, page, view, folder):
    name, width, colours, medium = view
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(method, **parameters):
        return browser.call(method, session, **parameters)

    for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
        call(f"{domain}.enable")
    call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
         mobile=width < 500)
    call("Emulation.setEmulatedMedia", media=medium,
         features=[{"name": "prefers-color-scheme", "value": colours}])
    browser.events.clear()
    call("Page.navigate", url=page.as_uri())
    browser.wait_for("Page.loadEventFired")
    height = call("Runtime.evaluate", expression="document.documentElement.scrollHeight",
                  returnByValue=True)["result"]["value"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 12000), "scale": 1}
    image = call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    (folder / f"{name}.png").write_bytes(base64.b64decode(image["data"]))
    probed = call("Runtime.evaluate", expression=PROBE, returnByValue=True)
    faults = list(faults_of_events(browser.events, page.as_uri()))
    if "exceptionDetails" in probed:
        faults.append(f"probe: {probed['exceptionDetails']}")
    faults += probed["result"].get("value") or []
    # Tables and all: what is folded away counts too.
    call("Runtime.evaluate", expression="for (const one of document.querySelectorAll('details'))"
         " one.open = true")
    faults += call("Runtime.evaluate", expression=PROBE, returnByValue=True)["result"]["value"]
    browser.call("Target.closeTarget", targetId=target)
    return sorted({f"{name}: {fault}" for fault in faults})


def main():
    page = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            faults = [fault for view in VIEWS for fault in look(browser, page, view, folder)]
        finally:
            browser.close()
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
