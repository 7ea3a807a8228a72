import type { Understanding } from "../protocol/record";
import { chosen, marked, otherMeanings, shown, slotRows, spaced } from "../state/meaning";
import { Gauge } from "../parts/Gauge";
import { useWords } from "../words/context";
import { Sentence } from "./Sentence";

interface Props {
  readonly understanding: Understanding;
  readonly transcript: string;
}

/** What was understood: intent, slots with the words that filled them, and how sure. */
export function Meaning({ understanding, transcript }: Props) {
  const { say, name } = useWords();
  const { intent, skill, confidence, source } = understanding;
  const best = chosen(understanding);
  if (intent === null) {
    return (
      <>
        <h3>{say("why.intent")}</h3>
        <p>{say("why.no_intent")}</p>
      </>
    );
  }
  return (
    <>
      <div className="meaning">
        <p className="meaning__intent">
          <span className="meaning__skill">{spaced(skill ?? "")}</span> {spaced(intent)}
        </p>
        <Confidence value={confidence} />
      </div>
      <p className="faint">
        {say("why.source")} {name("source", source)}
      </p>
      {best && best.said !== transcript && (
        <p className="meaning__said">
          <span className="label">{say("why.heard_as")}</span>
          <span lang="en">
            <Sentence pieces={marked(best.said, best.words)} />
          </span>
        </p>
      )}
      <Slots understanding={understanding} />
    </>
  );
}

function Confidence({ value }: { readonly value: number }) {
  const { say, number } = useWords();
  return (
    <p className="confidence">
      <span className="label">{say("why.confidence")}</span>
      <Gauge label={say("why.confidence")} share={value} />
      <span className="confidence__number">{number(value, 2)}</span>
    </p>
  );
}

function Slots({ understanding }: { readonly understanding: Understanding }) {
  const { say } = useWords();
  const rows = slotRows(understanding);
  const heard = chosen(understanding) !== null;
  if (rows.length === 0) return null;
  return (
    <table className="slots">
      <caption className="hidden">{say("why.slots")}</caption>
      <thead>
        <tr>
          <th scope="col">{say("why.slot")}</th>
          <th scope="col">{say("why.value")}</th>
          {heard && <th scope="col">{say("why.words")}</th>}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>{row.value}</td>
            {heard && <td>{row.words === null ? say("why.no_words") : <mark>{row.words}</mark>}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What else the sound may have meant; nothing for what was typed, since that is no sound. */
export function Others({ understanding }: { readonly understanding: Understanding }) {
  const { say, number } = useWords();
  const others = otherMeanings(understanding);
  if (understanding.alternatives.length === 0) return null;
  return (
    <>
      <h3>{say("why.others")}</h3>
      {others.length === 0 && <p className="faint">{say("why.no_others")}</p>}
      <ol className="others">
        {others.map((other, index) => (
          <li key={index}>
            <span lang="en">{other.said || spaced(other.intent)}</span>
            <span className="faint">
              {[spaced(other.intent), ...Object.values(other.slots).map(shown)].join(" · ")}
              {" · "}
              {number(other.confidence, 2)}
              {other.behind > 0 && ` · ${say("why.behind", { nats: number(other.behind, 1) })}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
