import type { Understanding } from "../protocol/record";
import { chosen, marked, spaced } from "../state/meaning";
import type { Exchange } from "../state/pageState";
import { useWords } from "../words/context";
import { Sentence } from "./Sentence";

interface Props {
  readonly exchange: Exchange;
  /** Whether it is the one that is explained. */
  readonly shown: boolean;
  readonly explain: () => void;
}

/** What was said by the person and by the device in one turn. */
export function ExchangeView({ exchange, shown, explain }: Props) {
  const { say } = useWords();
  const { answer } = exchange;
  return (
    <article className="exchange" data-turn={exchange.turnId} data-final={exchange.final}>
      <Heard exchange={exchange} />
      {answer !== null && (
        <div className="exchange__line exchange__line--said">
          <span className="label">{say("conversation.said")}</span>
          <p lang="en">{answer || say("conversation.nothing_said")}</p>
        </div>
      )}
      <div className="exchange__about">
        <About exchange={exchange} />
        {exchange.understanding && (
          <button type="button" className="button button--small" aria-pressed={shown} onClick={explain}>
            {say("control.why")}
            <span className="hidden"> {exchange.heard}</span>
          </button>
        )}
      </div>
    </article>
  );
}

function Heard({ exchange }: { readonly exchange: Exchange }) {
  const { say } = useWords();
  const { heard, final, openedBy, understanding } = exchange;
  const label = openedBy === "text" ? "typed" : final ? "heard" : "hearing";
  const words = final && understanding ? chosen(understanding)?.words : undefined;
  return (
    <div className="exchange__line exchange__line--heard">
      <span className="label">{say(`conversation.${label}`)}</span>
      <p lang="en">
        {heard === "" ? "…" : <Sentence pieces={marked(heard, words ?? {})} />}
        {!final && <span className="caret" aria-hidden="true" />}
      </p>
    </div>
  );
}

/** In a few words what became of it: the meaning or else the route, and how long the first sound took. */
function About({ exchange }: { readonly exchange: Exchange }) {
  const { name } = useWords();
  const { understanding, decision, record } = exchange;
  const first = record?.timings_ms.first_audio ?? null;
  const meaning = understanding === null ? "" : intentLine(understanding);
  return (
    <>
      {meaning !== "" && <span>{meaning}</span>}
      {meaning === "" && decision && <span>{name("route", decision.route)}</span>}
      {first !== null && <span>{Math.round(first)} ms</span>}
    </>
  );
}

function intentLine({ skill, intent }: Understanding): string {
  return intent === null ? "" : `${spaced(skill ?? "")} · ${spaced(intent)}`;
}
