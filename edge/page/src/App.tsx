import { useEffect } from "react";

import { useDevice } from "./connection/useDevice";
import { Kiosk } from "./kiosk/Kiosk";
import { OperatorPage } from "./operator/OperatorPage";
import { SignIn } from "./parts/SignIn";
import { useLanguage } from "./parts/useLanguage";
import { usePageSound } from "./sound/useBrowserSound";
import { WordsContext } from "./words/context";

const ANY: readonly string[] = [];

/** The view that the address names, or the question for the token. */
export function App() {
  const kiosk = location.pathname.replace(/\/$/, "") === "/kiosk";
  const device = useDevice(!kiosk);
  const sound = usePageSound(device.state.link === "open");
  const language = useLanguage(device.info?.languages ?? ANY);
  const { words } = language;
  const name = device.info?.device_id ?? "…";
  useEffect(() => {
    document.title = kiosk ? words.say("title.kiosk") : words.say("title.page", { device: name });
  }, [kiosk, words, name]);
  const View = kiosk ? Kiosk : OperatorPage;
  return (
    <WordsContext.Provider value={words}>
      {device.signedOut ? (
        <SignIn device={device} language={language} />
      ) : (
        <View device={device} sound={sound} language={language} />
      )}
    </WordsContext.Provider>
  );
}
