import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { getAiUse } from "@roadbed/contracts/telemetry/ai";
import { useWindowed } from "../../observe/use-windowed.ts";
import { Section } from "../../ui/Page.tsx";
import { answerOf } from "./ai-words.ts";

/** What the models that something calls used and cost; nothing for what calls none. */
export function AiUseOf({ entityRef, range }: { readonly entityRef: string; readonly range: string | undefined }): ReactNode {
  const { data } = useWindowed(getAiUse, { entityRef, by: "model", limit: 1 }, range);
  if (data === undefined || data.summary.calls === 0) return null;
  return (
    <Section
      title="Calls of models"
      act={
        <Link to="/ai-use" search={{ entityRef, range }}>
          By model, prompt and agent
        </Link>
      }
    >
      <p>{answerOf(data.summary)}</p>
    </Section>
  );
}
