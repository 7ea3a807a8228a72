import type { Device } from "../connection/useDevice";
import type { TurnRecord } from "../protocol/record";
import type { Exchange } from "../state/pageState";
import { useWords } from "../words/context";
import { Escalated } from "./Escalated";
import { Meaning, Others } from "./Meaning";
import { Replay } from "./Replay";
import { RoutePath } from "./RoutePath";
import { WaterfallView } from "./WaterfallView";

interface Props {
  readonly exchange: Exchange | null;
  readonly hasSound: boolean;
  /** Whether the newest turn is followed, and not one that was picked. */
  readonly follows: boolean;
  readonly device: Device;
}

/** Why the device did what it did in one turn. */
export function Why({ exchange, hasSound, follows, device }: Props) {
  const { say } = useWords();
  return (
    <section className="sheet why" aria-labelledby="why-title" id="why" tabIndex={-1} data-turn={exchange?.turnId}>
      <div className="why__head">
        <h2 id="why-title">{say("why.title")}</h2>
        {exchange?.record && <TurnLine record={exchange.record} />}
        {exchange && !exchange.record && <p className="faint">{say("why.coming")}</p>}
        {!follows && (
          <button
            type="button"
            className="button button--small"
            onClick={() => {
              device.dispatch({ type: "select", turnId: null });
            }}
          >
            {say("control.newest")}
          </button>
        )}
      </div>
      {exchange ? <Explained key={exchange.turnId} exchange={exchange} hasSound={hasSound} /> : <p>{say("why.empty")}</p>}
    </section>
  );
}

function Explained({ exchange, hasSound }: { readonly exchange: Exchange; readonly hasSound: boolean }) {
  const { understanding, decision, record } = exchange;
  return (
    <>
      {understanding && <Meaning understanding={understanding} transcript={exchange.heard} />}
      {decision && <RoutePath decision={decision} />}
      {record?.escalation && <Escalated escalation={record.escalation} />}
      {record && <WaterfallView record={record} />}
      {understanding && <Others understanding={understanding} />}
      {record && hasSound && <Replay turnId={record.turn_id} />}
      {record && <Besides record={record} />}
    </>
  );
}

function TurnLine({ record }: { readonly record: TurnRecord }) {
  const { name, time } = useWords();
  return (
    <p className="faint">
      <time dateTime={record.started_at}>{time(record.started_at)}</time>
      {` · ${name("opened", record.opened_by)} · ${name("outcome", record.outcome)}`}
    </p>
  );
}

/** What is not in every turn, and what only an engineer asks for. */
function Besides({ record }: { readonly record: TurnRecord }) {
  const { say } = useWords();
  return (
    <>
      {record.revision > 0 && <p>{say("why.taken_back", { count: record.revision })}</p>}
      {record.effects.length > 0 && <p>{say("why.effects", { count: record.effects.length })}</p>}
      {record.faults.length > 0 && (
        <>
          <h3>{say("why.faults")}</h3>
          <ul className="faults">
            {record.faults.map((fault, index) => (
              <li key={index}>
                <code>{fault}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>{say("why.versions")}</summary>
        <p className="faint">{say("why.turn", { turn: record.turn_id })}</p>
        <dl className="pairs">
          {Object.entries(record.versions).map(([part, version]) => (
            <div key={part}>
              <dt>{part}</dt>
              <dd>
                <code>{version}</code>
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}
