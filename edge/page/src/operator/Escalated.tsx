import type { EscalationRecord } from "../protocol/record";
import { useWords } from "../words/context";

/** What left the device for an answer, what came of it, and what the answer rests on. */
export function Escalated({ escalation }: { readonly escalation: EscalationRecord }) {
  const { say } = useWords();
  const masked = Object.values(escalation.masked).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <h3>{say("why.asked")}</h3>
      <p>{escalation.sent ? <q>{escalation.sent}</q> : say("why.nothing_left")}</p>
      {masked > 0 && <p>{say("why.masked", { count: masked })}</p>}
      <p className="faint">
        <code>{escalation.outcome}</code>
        {escalation.reason && ` · ${escalation.reason}`}
      </p>
      {escalation.sources.length > 0 && (
        <dl className="pairs">
          {escalation.sources.map((source) => (
            <div key={source.source}>
              <dt>{source.document}</dt>
              <dd>
                <q>{source.quote}</q>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
