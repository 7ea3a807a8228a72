import type { RouteDecision } from "../protocol/record";
import { routeSteps } from "../state/meaning";
import { useWords } from "../words/context";

/** The ways that a request may take, in the order in which they are tried, and what became of each. */
export function RoutePath({ decision }: { readonly decision: RouteDecision }) {
  const { say } = useWords();
  const steps = routeSteps(decision);
  const unneeded = steps.filter((step) => step.verdict === "not_reached");
  return (
    <>
      <h3>{say("why.route")}</h3>
      <ol className="route">
        {steps.filter((step) => step.verdict !== "not_reached").map(({ route, verdict, reason }) => (
          <li key={route} className="route__step" data-verdict={verdict} data-route={route}>
            <span className="route__name">{say(`route.${route}`)}</span>
            <span className="route__reason">
              <span className="route__verdict">{say(`why.route_${verdict}`)}</span>
              {reason && <span lang="en">: {reason}</span>}
            </span>
          </li>
        ))}
        {unneeded.length > 0 && (
          <li className="route__step" data-verdict="not_reached">
            <span className="route__name">{say("why.route_not_reached")}</span>
            <span className="route__reason">{unneeded.map(({ route }) => say(`route.${route}`)).join(", ")}</span>
          </li>
        )}
      </ol>
    </>
  );
}
