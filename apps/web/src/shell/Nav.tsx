import { Link } from "@tanstack/react-router";
import { Activity, Boxes, ChartNoAxesCombined, House, Plus, Settings, ShieldCheck, Rocket, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import classes from "./shell.module.css";

interface Entry {
  readonly to: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly under?: readonly { readonly to: string; readonly label: string }[];
}

const ENTRIES: readonly Entry[] = [
  { to: "/", label: "Home", icon: House },
  {
    to: "/catalog",
    label: "Catalogue",
    icon: Boxes,
    under: [
      { to: "/graph", label: "Graph" },
      { to: "/ownership", label: "Ownership" },
      { to: "/changes", label: "Changes" },
      { to: "/sources", label: "Sources" },
      { to: "/discover", label: "Discover" },
    ],
  },
  {
    to: "/create",
    label: "Create",
    icon: Plus,
    under: [
      { to: "/runs", label: "Runs" },
      { to: "/resources", label: "Resources" },
      { to: "/ledger", label: "Ledger" },
      { to: "/upgrades", label: "Upgrades" },
    ],
  },
  {
    to: "/delivery",
    label: "Delivery",
    icon: Rocket,
    under: [
      { to: "/pipelines", label: "Pipelines" },
      { to: "/releases", label: "Releases" },
      { to: "/evaluations", label: "Evaluations" },
      { to: "/environments", label: "Environments" },
      { to: "/rollouts", label: "Rollouts" },
      { to: "/drift", label: "Drift" },
      { to: "/calendar", label: "Calendar" },
      { to: "/cdevents", label: "CDEvents" },
    ],
  },
  {
    to: "/observe",
    label: "Observe",
    icon: Activity,
    under: [
      { to: "/traces", label: "Traces" },
      { to: "/logs", label: "Logs" },
      { to: "/incidents", label: "Incidents" },
      { to: "/slos", label: "Objectives" },
      { to: "/ai-use", label: "AI use" },
      { to: "/intake", label: "Intake" },
    ],
  },
  {
    to: "/standards",
    label: "Standards",
    icon: ShieldCheck,
    under: [
      { to: "/scorecards", label: "Scorecards" },
      { to: "/campaigns", label: "Campaigns" },
      { to: "/standards/decisions", label: "Decisions" },
      { to: "/standards/findings", label: "Findings" },
      { to: "/standards/waivers", label: "Waivers" },
    ],
  },
  {
    to: "/insights",
    label: "Insights",
    icon: ChartNoAxesCombined,
    under: [
      { to: "/adoption", label: "Adoption" },
      { to: "/value", label: "Value" },
      { to: "/measures", label: "Measures" },
    ],
  },
];

const APART: readonly Entry[] = [
  {
    to: "/settings",
    label: "Settings",
    icon: Settings,
    under: [
      { to: "/audit", label: "Audit" },
      { to: "/api-docs", label: "API" },
    ],
  },
];

/** The left navigation. */
export function Nav(): ReactNode {
  return (
    <nav className={classes.nav} aria-label="Main">
      <Entries of={ENTRIES} />
      <div className={classes.navApart}>
        <Entries of={APART} />
      </div>
    </nav>
  );
}

function Entries({ of }: { readonly of: readonly Entry[] }): ReactNode {
  return (
    <ul>
      {of.map(({ to, label, icon: Icon, under = [] }) => (
        <li key={to}>
          <Link
            to={to as "/"}
            className={classes.navLink}
            activeOptions={{ exact: to === "/" || to === "/standards" }}
            activeProps={{ "data-active": true, "aria-current": "page" } as object}
          >
            <Icon size={16} aria-hidden />
            {label}
          </Link>
          {under.length > 0 && (
            <ul className={classes.navUnder}>
              {under.map((entry) => (
                <li key={entry.to}>
                  <Link
                    to={entry.to as "/"}
                    className={classes.navLink}
                    activeProps={{ "data-active": true, "aria-current": "page" } as object}
                  >
                    {entry.label}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
