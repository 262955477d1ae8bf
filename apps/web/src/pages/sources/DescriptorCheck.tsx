import { Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type ReactNode } from "react";

import { validateEntity } from "@roadbed/contracts/catalog";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { CopyButton } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./sources.module.css";

const EXAMPLE = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: orders
  description: Takes orders and tells where they are.
  tags: [node, http]
  annotations:
    backstage.io/techdocs-ref: dir:.
spec:
  type: service
  lifecycle: production
  owner: group:default/team-a
  dependsOn:
    - resource:default/orders-db
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata:
  name: orders-db
spec:
  type: postgres
  owner: group:default/team-a
`;
const WAIT_MS = 250;

/** A descriptor to begin with; what one makes of it is checked while one types. Nothing is registered. */
export function DescriptorCheck(): ReactNode {
  const [yaml, setYaml] = useState(EXAMPLE);
  const [asked] = useDebouncedValue(yaml, WAIT_MS);
  return (
    <Section title="A descriptor to begin with" act={<CopyButton text={yaml} what="descriptor" />}>
      <p className={classes.lead}>
        Save this as <code>catalog-info.yaml</code> beside the code it describes. Paste or change it here to see what Roadbed makes of it;
        nothing is registered.
      </p>
      <div className={classes.check}>
        <Textarea
          aria-label="Descriptor"
          value={yaml}
          onChange={(event) => setYaml(event.currentTarget.value)}
          autosize={false}
          rows={22}
          spellCheck={false}
          classNames={{ input: classes.yaml ?? "" }}
        />
        <Verdict yaml={asked} />
      </div>
    </Section>
  );
}

function Verdict({ yaml }: { readonly yaml: string }): ReactNode {
  const empty = yaml.trim() === "";
  const { data, error, isPlaceholderData } = useOperation(validateEntity, { yaml }, { enabled: !empty, keep: true, staleTime: 60_000 });
  if (empty) return <p className="rb-dim">Nothing to check.</p>;
  if (error !== null) return <ErrorState error={error} />;
  if (data === undefined) return <p className="rb-dim">Checking…</p>;
  return (
    <div role="status" className={classes.verdict} data-stale={isPlaceholderData}>
      {data.ok ? (
        <StateBadge word="ok" label={`${formatCount(data.refs.length, "entity", "entities")}, all well`} />
      ) : (
        <StateBadge word="failed" label={formatCount(data.problems.length, "problem")} />
      )}
      <div className={classes.refs}>
        {data.refs.map((ref) => (
          <Tag key={ref}>{ref}</Tag>
        ))}
      </div>
      <ul className={classes.problems}>
        {data.problems.map(({ line, at, reason, mend }, index) => (
          <li key={index}>
            <div className={classes.where}>{line !== undefined && <code>line {line}</code>}</div>
            <div>
              {at !== "" && <code className={classes.at}>{at}</code>} {reason}
              {mend !== undefined && <p className={classes.mend}>{mend}</p>}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
