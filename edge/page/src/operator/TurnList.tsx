import type { Device } from "../connection/useDevice";
import { useWords } from "../words/context";

/** The turns that the device keeps, the newest first; each opens its explanation. */
export function TurnList({ device, shown }: { readonly device: Device; readonly shown: string | null }) {
  const { say, name, time } = useWords();
  const { turns, moreTurns } = device.state;
  return (
    <section className="sheet turns" aria-labelledby="turns-title">
      <h2 id="turns-title">{say("turns.title")}</h2>
      {turns.length === 0 && <p className="faint">{say("turns.empty")}</p>}
      <ol className="turns__list">
        {turns.map(({ record }) => (
          <li key={record.turn_id}>
            <button
              type="button"
              className="turn"
              aria-pressed={record.turn_id === shown}
              data-turn={record.turn_id}
              onClick={() => {
                device.dispatch({ type: "select", turnId: record.turn_id });
                document.getElementById("why")?.focus({ preventScroll: false });
              }}
            >
              <span className="turn__heard" lang="en">
                {record.transcript || say("turns.no_words")}
              </span>
              <span className="turn__about">
                <time dateTime={record.started_at}>{time(record.started_at)}</time>
                {" · "}
                {name("outcome", record.outcome)}
                {record.timings_ms.first_audio !== null && ` · ${Math.round(record.timings_ms.first_audio)} ms`}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {moreTurns && (
        <button type="button" className="button" onClick={device.loadEarlier}>
          {say("control.more")}
        </button>
      )}
    </section>
  );
}
