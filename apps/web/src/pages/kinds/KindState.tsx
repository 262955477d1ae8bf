import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { getKind } from "@roadbed/contracts/catalog/kinds";
import type { OutputOf } from "@roadbed/core";
import { formatCount } from "../../format/number.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Facts } from "../../ui/Facts.tsx";
import { Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./kinds.module.css";

/** What a kind brings now. */
export function KindState({ kind }: { readonly kind: OutputOf<typeof getKind> }): ReactNode {
  const { name, entities, relationFields, derivedProperties, ruleStates, problems, ref, apiVersion } = kind;
  return (
    <Section
      title="Now"
      act={
        <span style={{ display: "flex", gap: 12 }}>
          {entities > 0 && (
            <Link to="/catalog" search={{ kind: [name.toLowerCase()] }}>
              {formatCount(entities, "entity", "entities")}
            </Link>
          )}
          <Link to="/save" search={{ kind: name }}>
            New {name}
          </Link>
        </span>
      }
    >
      <Facts
        of={[
          ["Written as", <code key="v" className="rb-mono">{`apiVersion: ${apiVersion}, kind: ${name}`}</code>],
          ["Saved as", ref === undefined ? undefined : <EntityLink key="ref" entityRef={ref} />],
          [
            "Relations",
            relationFields.length === 0
              ? undefined
              : relationFields.map(({ field, type, inverse, target }) => (
                  <Tag key={field} title={`${type}, seen from the other end: ${inverse}`}>
                    {field}: {type} {target.length > 0 && `→ ${target.join(", ")}`}
                  </Tag>
                )),
          ],
          [
            "Derived",
            derivedProperties.length === 0
              ? undefined
              : derivedProperties.map((one) => (
                  <Tag key={one.name} title={one.text}>
                    {one.title ?? one.name}: {one.how}
                  </Tag>
                )),
          ],
          [
            "Rules",
            ruleStates.length === 0
              ? undefined
              : ruleStates.map((one) => (
                  <Tag key={one.name} title={one.fault ?? `${one.type} to ${one.target}`}>
                    {one.name}: {formatCount(one.edges, "relation")}
                    {one.cut && ", cut"}
                  </Tag>
                )),
          ],
        ]}
      />
      {problems.length > 0 && (
        <ul className={classes.problems}>
          {problems.map(({ at, reason }) => (
            <li key={`${at} ${reason}`}>
              <code>{at}</code> {reason}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
