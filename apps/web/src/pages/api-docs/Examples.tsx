import { SegmentedControl } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import type { ReactNode } from "react";

import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import classes from "./api-docs.module.css";
import { callExamples } from "./call-examples.ts";
import type { ApiOperation } from "@roadbed/contracts/api-document/open-api";

const FACES = [
  { value: "curl", label: "curl" },
  { value: "command", label: "Command line" },
  { value: "tool", label: "Agent (MCP)" },
] as const;
type FaceName = (typeof FACES)[number]["value"];

/** The same operation by each face; the chosen one is remembered for all of them. */
export function Examples({ operation }: { readonly operation: ApiOperation }): ReactNode {
  const [face, setFace] = useLocalStorage<FaceName>({ key: "roadbed.api-face", defaultValue: "curl", getInitialValueInEffect: false });
  const { curl, command, tool } = callExamples(operation, location.origin);
  return (
    <>
      <SegmentedControl size="xs" aria-label="Call it by" value={face} onChange={(value) => setFace(value as FaceName)} data={[...FACES]} />
      <div className={classes.code}>
        {face === "curl" && <CodeBlock code={curl} lang="bash" label="curl" />}
        {face === "command" &&
          (command === undefined ? <p>The command line does not have it.</p> : <CodeBlock code={command} lang="bash" label="Command" />)}
        {face === "tool" &&
          (tool === undefined ? (
            <p>Agents do not have it.</p>
          ) : (
            <>
              <p className={classes.toolName}>
                Tool <CopyText text={tool.name} what="tool's name" />
              </p>
              <CodeBlock code={tool.call} lang="json" label="tools/call" />
            </>
          ))}
      </div>
    </>
  );
}
