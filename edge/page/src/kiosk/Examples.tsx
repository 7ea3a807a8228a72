import type { Device } from "../connection/useDevice";
import { useWords } from "../words/context";

const SHOWN = 6;

/** What one can say, in the language that the device understands; touching a sentence says it. */
export function Examples({ device }: { readonly device: Device }) {
  const { say } = useWords();
  const examples = device.info?.examples.slice(0, SHOWN) ?? [];
  if (examples.length === 0) return <div className="kiosk__examples" />;
  return (
    <section className="kiosk__examples" aria-labelledby="examples-title">
      <h2 id="examples-title">{say("kiosk.touch")}</h2>
      <ul>
        {examples.map((example) => (
          <li key={example}>
            <button
              type="button"
              className="touch touch--example"
              lang="en"
              disabled={device.state.link !== "open"}
              onClick={() => {
                device.send({ type: "text", text: example });
              }}
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
