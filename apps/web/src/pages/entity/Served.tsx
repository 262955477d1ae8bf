import type { ReactNode } from "react";

import type { Workload } from "@roadbed/contracts/delivery";
import { ConfigurationKind, getConfiguration, type Configuration } from "@roadbed/contracts/delivery/configurations";
import { useOperation } from "../../api/use-operation.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Facts } from "../../ui/Facts.tsx";

/** Whether it is read by those who use it, and has no process. */
export function isServed(kind: Workload["kind"]): boolean {
  return (ConfigurationKind.options as readonly string[]).includes(kind);
}

/** What programs read of a prompt, model or agent in an environment now. */
export function Served({ entityRef, environment }: { readonly entityRef: string; readonly environment: string }): ReactNode {
  const { data, error, refetch } = useOperation(getConfiguration, { entityRef, environment });
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />;
  if (data === undefined) return null;
  const { version, digest, release, content } = data;
  return (
    <>
      <Facts
        of={[
          ["Version", version],
          ["Release", release],
          ["Digest", <CopyText key="digest" text={digest} what="digest" />],
          ["Read by", <CopyText key="read" text={`roadbed configuration get ${entityRef} --environment ${environment}`} what="command" />],
        ]}
      />
      <pre
        className="rb-mono"
        style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", maxHeight: 360, overflow: "auto", fontSize: 12 }}
        tabIndex={0}
      >
        {textOf(content)}
      </pre>
    </>
  );
}

/** Messages as they read; the rest as data. */
function textOf(content: Configuration["content"]): string {
  const { messages, ...rest } = content as { messages?: { role: string; text: string }[] };
  const words = (messages ?? []).map(({ role, text }) => `${role}:\n${text}\n`);
  return [...words, JSON.stringify(rest, null, 2)].join("\n");
}
