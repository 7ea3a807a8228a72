import type { TurnRecord } from "../protocol/record";
import { type Bar, inOrder, layOut, type Waterfall } from "../state/waterfall";
import { useWords } from "../words/context";

const ROW_PX = 38;
const AXIS_PX = 22;
const BAR_PX = 10;

/** Where the time of a turn went: as a picture, and as tables. */
export function WaterfallView({ record }: { readonly record: TurnRecord }) {
  const { say } = useWords();
  const fall = layOut(record);
  const typed = record.opened_by === "text";
  const total = fall.totalMs === null ? null : Math.round(fall.totalMs);
  const summary = total === null ? "" : say(typed ? "waterfall.total_typed" : "waterfall.total", { ms: total });
  return (
    <>
      <h3>{say("waterfall.title")}</h3>
      {fall.bars.length === 0 ? (
        <p className="faint">{say("waterfall.none")}</p>
      ) : (
        <figure className="waterfall">
          <Picture fall={fall} summary={summary} zero={say(typed ? "waterfall.axis_typed" : "waterfall.axis")} />
          <figcaption>{summary}</figcaption>
        </figure>
      )}
      <details className="waterfall__tables">
        <summary>{say("waterfall.table")}</summary>
        <StageTable bars={fall.bars} />
        <EventTable record={record} />
      </details>
    </>
  );
}

interface PictureProps {
  readonly fall: Waterfall;
  readonly summary: string;
  readonly zero: string;
}

function Picture({ fall, summary, zero }: PictureProps) {
  const { say } = useWords();
  const place = (ms: number) => percent((ms - fall.fromMs) / (fall.toMs - fall.fromMs));
  const marksTop = AXIS_PX + fall.bars.length * ROW_PX;
  const height = marksTop + (fall.marks.length > 0 ? ROW_PX : 6);
  const label = [summary, ...fall.bars.map((bar) => `${say(`waterfall.${bar.stage}`)}: ${lasted(bar)} ms`)];
  return (
    <svg width="100%" height={height} role="img" aria-label={label.filter(Boolean).join("; ")}>
      {fall.ticksMs.map((ms) => (
        <g key={ms} className={ms === 0 ? "tick tick--zero" : "tick"}>
          <line x1={place(ms)} x2={place(ms)} y1={AXIS_PX - 5} y2={height} />
          {(ms === 0 || isApart(ms, fall)) && (
            <text x={place(ms)} y={11} textAnchor={anchor(ms, fall)}>
              {ms === 0 ? zero : `${ms} ms`}
            </text>
          )}
        </g>
      ))}
      {fall.bars.map((bar, index) => (
        <BarRow key={bar.stage} bar={bar} top={AXIS_PX + index * ROW_PX} name={say(`waterfall.${bar.stage}`)} />
      ))}
      {fall.marks.length > 0 && (
        <g className="marks">
          <text x="0" y={marksTop + 14}>
            {say("waterfall.marks")}
          </text>
          {fall.marks.map((mark, index) => (
            <circle key={index} cx={percent(mark.at)} cy={marksTop + 26} r="3.5" />
          ))}
        </g>
      )}
    </svg>
  );
}

function BarRow({ bar, top, name }: { readonly bar: Bar; readonly top: number; readonly name: string }) {
  const width = `max(${percent(bar.to - bar.from)}, 3px)`;
  return (
    <g className="stage" data-stage={bar.stage}>
      <text x="0" y={top + 14}>
        {name}
      </text>
      <text className="stage__ms" x="100%" y={top + 14} textAnchor="end">
        {lasted(bar)} ms
      </text>
      <rect className="stage__lane" x="0" y={top + 20} width="100%" height={BAR_PX} rx={BAR_PX / 2} />
      <rect x={percent(bar.from)} y={top + 20} height={BAR_PX} rx={BAR_PX / 2} style={{ width }} />
      {bar.cutAfter && <Cut x="98.5%" y={top + 20} />}
      {bar.cutBefore && <Cut x="1.5%" y={top + 20} />}
    </g>
  );
}

/** A gap in a bar that goes on beyond the axis. */
function Cut({ x, y }: { readonly x: string; readonly y: number }) {
  return <line className="stage__cut" x1={x} x2={x} y1={y - 2} y2={y + BAR_PX + 2} />;
}

/** Whether a tick is far enough from zero, whose words need room. */
function isApart(ms: number, fall: Waterfall): boolean {
  return Math.abs(ms) / (fall.toMs - fall.fromMs) > 0.3;
}

/** So that no label leaves the picture. */
function anchor(ms: number, fall: Waterfall): "start" | "middle" | "end" {
  const share = (ms - fall.fromMs) / (fall.toMs - fall.fromMs);
  return share < 0.06 ? "start" : share > 0.94 ? "end" : "middle";
}

function lasted(bar: Bar): number {
  return Math.round(bar.toMs - bar.fromMs);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

function StageTable({ bars }: { readonly bars: readonly Bar[] }) {
  const { say } = useWords();
  return (
    <div className="scrolled" tabIndex={0} role="region" aria-label={say("waterfall.title")}>
      <table>
        <caption className="hidden">{say("waterfall.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("waterfall.stage")}</th>
            <th scope="col">{say("waterfall.from")}</th>
            <th scope="col">{say("waterfall.to")}</th>
            <th scope="col">{say("waterfall.lasted")}</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.stage}>
              <th scope="row">{say(`waterfall.${bar.stage}`)}</th>
              <td>{Math.round(bar.fromMs)} ms</td>
              <td>{Math.round(bar.toMs)} ms</td>
              <td>{lasted(bar)} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function EventTable({ record }: { readonly record: TurnRecord }) {
  const { say, name } = useWords();
  return (
    <div className="scrolled" tabIndex={0} role="region" aria-label={say("waterfall.events")}>
      <table>
        <caption>{say("waterfall.events")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("waterfall.at")}</th>
            <th scope="col">{say("waterfall.event")}</th>
            <th scope="col">{say("waterfall.detail")}</th>
          </tr>
        </thead>
        <tbody>
          {inOrder(record.timeline).map((entry, index) => (
            <tr key={index}>
              <td>{Math.round(entry.at_ms)} ms</td>
              <th scope="row">{name("event", entry.event)}</th>
              <td lang="en">{entry.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
