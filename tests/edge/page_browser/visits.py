"""One browser's visit to the page: what a person does there, and what went wrong on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Locator, Page, WebSocket, expect

WAIT_MS: Final = 30_000
ORDER: Final = "0075d273-51bb-47cb-b323-4437bd0de029.flac"
"""Can I have a light roast twelve ounce coffee?"""
AXE: Final = Path(__file__).resolve().parents[3] / "edge/page/node_modules/axe-core/axe.min.js"
COUNT_AT_REST: Final = """(element) => new Promise((done) => {
  const look = (before) => {
    const now = element.dataset.playedMs;
    if (now === before) done(Number(now ?? 0));
    else setTimeout(look, 300, now);
  };
  look(null);
})"""
PRESS_STOP: Final = """
() => [...document.querySelectorAll("button:not(:disabled)")]
  .find((button) => button.textContent.includes("Stop"))?.click()
"""
LISTEN: Final = """
const connect = AudioNode.prototype.connect;
window.loudestAtLoudspeaker = 0;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) {
    const ear = new AnalyserNode(this.context);
    const wave = new Float32Array(ear.fftSize);
    connect.call(this, ear);
    setInterval(() => {
      ear.getFloatTimeDomainData(wave);
      window.loudestAtLoudspeaker = Math.max(window.loudestAtLoudspeaker, ...wave.map(Math.abs));
    }, 50);
  }
  return connect.call(this, target, ...rest);
};
"""
"""An ear at the browser's loudspeaker: hears what is really connected to it."""


class Visit:
    """A page, and what it sent and what its browser complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.sent: list[dict[str, Any]] = []
        """What it asked of the device over ``/ws/events``."""
        self.expects_refusals = False
        """Whether a request that fails is what the test is about."""
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._console)
        page.on("websocket", self._socket)

    @property
    def talk(self) -> Locator:
        return self.page.locator(".button--talk, .touch--talk")

    @property
    def exchanges(self) -> Locator:
        return self.page.locator(".exchange")

    @property
    def why(self) -> Locator:
        return self.page.locator("#why")

    @property
    def sound(self) -> Locator:
        return self.page.locator(".sound")

    def until_linked(self) -> None:
        expect(self.page.locator(".pill")).to_have_attribute("data-stage", "idle")

    def type(self, request: str) -> None:
        self.page.get_by_label("Type a request").fill(request)
        expect(self.page.get_by_role("button", name="Send")).to_be_enabled()
        self.page.keyboard.press("Enter")

    def stop(self) -> None:
        """Silence the device, and wait until it is at rest."""
        self.page.get_by_role("button", name="Stop").click()
        self.until_linked()

    def played_ms(self) -> int:
        return int(self.sound.get_attribute("data-played-ms") or 0)

    def played_in_the_end_ms(self) -> int:
        """As `played_ms`, once it stays as it is: the player reports a moment after it has played."""
        return int(self.sound.evaluate(COUNT_AT_REST))

    def loudest(self) -> float:
        """The loudest sample that reached the browser's loudspeaker, 0..1."""
        return float(self.page.evaluate("window.loudestAtLoudspeaker"))

    def leave(self) -> None:
        """Let the device be at rest, and go."""
        self.page.evaluate(PRESS_STOP)
        self.page.context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self.expects_refusals:
            self.problems.append(f"{message.type}: {message.text}")

    def _socket(self, socket: WebSocket) -> None:
        if socket.url.endswith("/ws/events"):
            socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))


def faults_of_accessibility(page: Page) -> list[str]:
    """What axe finds, a line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{fault['id']}: {fault['help']}: {[node['html'][:120] for node in fault['nodes']]}"
        for fault in found
    ]
