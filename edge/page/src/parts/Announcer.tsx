import type { Exchange } from "../state/pageState";
import { useWords } from "../words/context";

/**
 * Tells people who listen to the page what was heard and what is answered, once each.
 *
 * What is heard so far changes too often to be read aloud: it is announced when it is final.
 */
export function Announcer({ exchange }: { readonly exchange: Exchange | null }) {
  const { say } = useWords();
  const heard = exchange?.final && exchange.heard ? `${say("conversation.heard")}: ${exchange.heard}` : "";
  const said = exchange?.answer ? `${say("conversation.said")}: ${exchange.answer}` : "";
  return (
    <>
      <p className="hidden" role="log" aria-live="polite" data-announces="heard">
        {heard}
      </p>
      <p className="hidden" role="log" aria-live="polite" data-announces="said">
        {said}
      </p>
    </>
  );
}
