import { useEffect, useState } from "react";

import type { Device } from "../connection/useDevice";
import type { PageSound } from "../sound/useBrowserSound";
import { useWords } from "../words/context";
import { faultText } from "./faultText";
import { Icon } from "./Icon";

/** What is wrong, in plain words, and what can be done about it. */
export function Banners({ device, sound }: { readonly device: Device; readonly sound: PageSound }) {
  const words = useWords();
  const { notice } = device.state;
  return (
    <div className="banners" role="alert">
      <LinkBanner device={device} />
      {notice && (
        <Banner
          text={faultText(words, notice.code, notice.detail)}
          dismiss={() => {
            device.dispatch({ type: "notice", notice: null });
          }}
        />
      )}
      {sound.fault && <Banner text={faultText(words, sound.fault, "")} dismiss={sound.forgive} />}
      {sound.status === "lost" && device.state.link === "open" && <Banner text={words.say("sound.lost")} />}
    </div>
  );
}

function Banner({ text, dismiss }: { readonly text: string; readonly dismiss?: () => void }) {
  const { say } = useWords();
  return (
    <div className="banner">
      <p>{text}</p>
      {dismiss && (
        <button type="button" className="button button--bare" onClick={dismiss} aria-label={say("control.dismiss")}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

function LinkBanner({ device }: { readonly device: Device }) {
  const { say } = useWords();
  const { link, retryAtMs } = device.state;
  const seconds = useSecondsUntil(retryAtMs);
  if (link !== "lost" && link !== "full") return null;
  const lost = seconds > 0 ? say("link.lost", { seconds }) : say("link.lost_now");
  return (
    <div className="banner banner--link">
      <p>{link === "full" ? say("link.full") : lost}</p>
      <button type="button" className="button" onClick={device.reconnect}>
        {say("control.retry")}
      </button>
    </div>
  );
}

/** Whole seconds until a time on the page's clock, counting down. */
function useSecondsUntil(atMs: number | null): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (atMs === null) return;
    const tick = () => {
      setNowMs(Date.now());
    };
    const first = window.setTimeout(tick, 0);
    const timer = window.setInterval(tick, 500);
    return () => {
      window.clearTimeout(first);
      window.clearInterval(timer);
    };
  }, [atMs]);
  return atMs === null ? 0 : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
