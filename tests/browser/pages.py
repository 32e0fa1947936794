#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Opens pages of `nestmark report -o html:` in headless Chromium: pages.py [--pictures FOLDER] PAGE…

Fails when one asks for anything else than itself, complains on the console, is wider than the screen at 380 or 1,400
pixels, or has text whose contrast is below 4.5 where it really stands, light or dark."""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

LIMIT_S = 60

# Returns what is wrong: texts too close in colour to the nearest ground behind them, and boxes beyond the screen.
LOOK = """(() => {
  const wrong = [];
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 ? m : [...m, 1]; };
  const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => { const f = c.slice(0, 3).map(v => linear(v / 255));
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const ground = e => { for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] === 1) return c;
    } return [255, 255, 255, 1]; };
  const seen = new Set();
  for (const e of document.querySelectorAll('body *')) {
    const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!text || e.closest('.skip, title, desc')) continue;
    const style = getComputedStyle(e);
    const fore = parse(e.closest('svg') ? getComputedStyle(e).fill : style.color);
    const a = light(fore), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const what = e.tagName + '.' + (e.getAttribute('class') || '');
    if (ratio < 4.5 && !seen.has(what)) { seen.add(what); wrong.push(what + ': contrast ' + ratio.toFixed(2)); }
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) wrong.push('wider than the screen by ' + wide);
  for (const e of document.querySelectorAll('h1, h2, h3, p, dd, dt, li, figcaption'))
    if (!e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 1)
      wrong.push(e.tagName + ' reaches beyond the screen');
  return wrong;
})()"""


class Browser:
    """Chromium, driven over pipes by its DevTools protocol."""

    def __init__(self, folder):
        program = shutil.which("chromium") or sys.exit("pages: there is no chromium; ci/setup.sh browser installs it")
        to_read, self.to = os.pipe()
        self.back, from_write = os.pipe()

        def place():
            # Fresh numbers first: one of the ends may be 3 or 4 itself.
            ends = (os.dup(to_read), os.dup(from_write))
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.timer = threading.Timer(LIMIT_S * 5, self.process.kill)
        self.timer.start()
        self.number, self.rest, self.events, self.session = 0, b"", [], None

    def message(self):
        while b"\0" not in self.rest:
            got = os.read(self.back, 1 << 20)
            if not got:
                sys.exit("pages: Chromium has ended")
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"pages: {method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def open_tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.timer.cancel()
        self.process.kill()
        self.process.wait()


def complaints(events, url):
    for event in events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and parameters["request"]["url"] != url:
            yield f"asks for {parameters['request']['url']}"
        elif method == "Log.entryAdded":
            yield f"console: {parameters['entry']['text']}"
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            yield f"console: {parameters}"


def look(browser, page, pictures):
    url = page.resolve().as_uri()
    for scheme in ("light", "dark"):
        for width in (380, 1400):
            browser.events.clear()
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=1600, deviceScaleFactor=1,
                         mobile=False)
            browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            browser.call("Page.navigate", url=url)
            browser.wait("Page.loadEventFired")
            wrong = browser.call("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"]["value"]
            for what in wrong + list(complaints(browser.events, url)):
                yield f"{page.name}, {scheme}, {width} pixels: {what}"
            if pictures:
                picture = browser.call("Page.captureScreenshot", format="png")["data"]
                (pictures / f"{page.stem}-{scheme}-{width}.png").write_bytes(base64.b64decode(picture))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            browser.open_tab()
            wrong = [what for page in options.pages for what in look(browser, page, options.pictures)]
        finally:
            browser.close()
    print("\n".join(wrong) or f"{len(options.pages)} pages are as they should be")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
