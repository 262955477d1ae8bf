import { Button, Modal } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { getMeasure, type MeasureName } from "@roadbed/contracts/product/measures";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import { TimeSeries } from "../../charts/TimeSeries.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Figure, Figures } from "../../ui/Figure.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Receipt } from "../../ui/Receipt.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { mayScope } from "../settings/scopes.ts";
import { AboutSelect } from "./AboutSelect.tsx";
import { DefineForm } from "./DefineForm.tsx";
import { Distribution } from "./Distribution.tsx";
import { MeasureRows } from "./MeasureRows.tsx";
import classes from "./insights.module.css";
import { Versions } from "./Versions.tsx";
import { hoursWords, intervalWords, statusWords, valueWords } from "./words.ts";

const route = getRouteApi("/app/measures/$measure");
const WEEK = 7 * 86_400_000;
type Shown = OutputOf<typeof getMeasure>;

/** One measure: its value with all that is to be known of it, how it went, how it is made, and its rows. */
export function MeasurePage(): ReactNode {
  const measure = route.useParams().measure as MeasureName;
  const { about } = route.useSearch();
  const navigate = route.useNavigate();
  const [defining, setDefining] = useState(false);
  const me = useOperation(getMe, {});
  const query = useOperation(getMeasure, { measure, ...(about !== undefined && { about }) }, { keep: true });
  const manages = me.data !== undefined && mayScope(me.data.scopes, "product:admin");
  return (
    <Page
      title={query.data?.definition.title ?? measure}
      trail={<Link to="/measures">Measures</Link>}
      state={query.data === undefined ? "Reading…" : `${query.data.definition.question} ${query.data.title}.`}
      act={<AboutSelect value={about} onChange={(next) => void navigate({ search: next === undefined ? {} : { about: next } })} />}
    >
      <Loaded query={query} skeleton={420}>
        {(shown) => (
          <>
            <Headline of={shown} />
            <Pictures of={shown} />
            <div className={classes.split}>
              <Section
                title="How it is made"
                act={
                  manages && (
                    <Button size="xs" variant="default" onClick={() => setDefining(true)}>
                      Decide otherwise
                    </Button>
                  )
                }
              >
                <HowMade of={shown} />
              </Section>
              <Section title="Versions">
                <Versions of={shown.versions} />
              </Section>
            </div>
            <MeasureRows measure={measure} about={about} unit={shown.definition.unit} />
            <Modal opened={defining} onClose={() => setDefining(false)} title={`Decide ${shown.definition.title} otherwise`}>
              <DefineForm of={shown.definition} onClose={() => setDefining(false)} />
            </Modal>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Headline({ of: { definition, value } }: { readonly of: Shown }): ReactNode {
  const status = statusWords(value.status);
  const counted = value.numerator === undefined ? undefined : `${value.numerator} / ${value.denominator}`;
  return (
    <Figures>
      <Figure
        label={definition.title}
        value={valueWords(definition.unit, value.value)}
        note={intervalWords(definition.unit, value) ?? "no interval"}
        beside={
          <Receipt
            of={definition.title}
            definition={definition.definition}
            source={definition.sources.join("; ")}
            at={value.watermark}
            rows={`${value.n} rows`}
            query={definition.formula}
          />
        }
      />
      <Figure label="Status" value={<StateBadge word={value.status} {...status} />} note={value.why} />
      {counted !== undefined && <Figure label={definition.unit === "share" ? "Of" : "Deployments / weeks"} value={counted} />}
      {value.p90 !== undefined && <Figure label="Nine of ten take less than" value={valueWords(definition.unit, value.p90)} />}
      <Figure label="Not over yet" value={String(value.waiting)} />
      <Figure label="Do not count" value={String(value.excluded)} />
    </Figures>
  );
}

function Pictures({ of: { definition, weeks, distribution } }: { readonly of: Shown }): ReactNode {
  const points = weeks.map(({ from, value }) => ({ at: Date.parse(from), value }));
  const format = (value: number): string =>
    definition.unit === "hours"
      ? hoursWords(value)
      : definition.unit === "share"
        ? `${Math.round(value * 100)} %`
        : String(Math.round(value * 10) / 10);
  return (
    <div className={distribution.length > 0 ? `${classes.split} ${classes.picture}` : classes.picture}>
      <TimeSeries
        title="Week by week"
        series={[{ name: definition.title, area: true, points }]}
        from={points[0]?.at ?? 0}
        to={points.at(-1)?.at ?? 1}
        stepMs={WEEK}
        format={format}
        height={220}
      />
      {distribution.length > 0 && <Distribution of={distribution} label={definition.title} />}
    </div>
  );
}

function HowMade({ of: { definition, benchmarks } }: { readonly of: Shown }): ReactNode {
  const { rules } = definition;
  return (
    <>
      <Facts
        of={[
          ["Means", definition.definition],
          ["Formula", <code key="formula">{definition.formula}</code>],
          ["Made by", <code key="code">{definition.code}</code>],
          ["Window", `${rules.windowDays} days up to now`],
          ["Production", rules.production.join(", ")],
          [
            "Incidents",
            rules.incidentWindowHours === null
              ? "put down to the last deployment, however old"
              : `put down to deployments of ${rules.incidentWindowHours} h before`,
          ],
          ["Changes by machines", rules.bots ? "count" : "do not count"],
          ["Owner", definition.owner],
          ["From", definition.sources.join("; ")],
          [
            "Look also at",
            <Link key="beside" to="/measures/$measure" params={{ measure: definition.beside }}>
              {definition.beside.replaceAll("-", " ")}
            </Link>,
          ],
          ["SPACE", definition.space],
        ]}
      />
      <ul className={classes.caveats}>
        {definition.caveats.map((caveat) => (
          <li key={caveat}>{caveat}</li>
        ))}
      </ul>
      {benchmarks.map(({ text, source, licence }) => (
        <p key={text} className="rb-dim">
          Others: {text}. {source}; {licence}.
        </p>
      ))}
    </>
  );
}
