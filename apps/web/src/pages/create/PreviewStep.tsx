import { Button, Group, Tooltip } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useRef, type ReactNode } from "react";

import { previewPath, runPath, type PathDetail, type Preview } from "@roadbed/contracts/paths";
import { stopsTheAct } from "@roadbed/contracts/standards";
import { DomainError, newId } from "@roadbed/core";
import { client } from "../../api/client.ts";
import { useAct } from "../../api/use-operation.ts";
import type { Values } from "../../schema-form/schema.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Approvers } from "../runs/Approvals.tsx";
import { PreviewParts } from "./PreviewParts.tsx";
import { Verdict } from "./Verdict.tsx";
import classes from "./create.module.css";

interface Props {
  readonly detail: PathDetail;
  readonly values: Values;
  readonly secrets: Readonly<Record<string, string>>;
  readonly onBack: () => void;
  readonly onGo: (page: number) => void;
  readonly pageOfField: (field: string) => number;
  /** After the run began: the answers are of no more use. */
  readonly onMade: () => void;
}

/** The verdict, then why and how to mend, then everything that would be made. */
export function PreviewStep({ detail, values, secrets, onBack, onGo, pageOfField, onMade }: Props): ReactNode {
  const preview = useQuery({
    queryKey: ["preview", detail.name, values, Object.keys(secrets)],
    queryFn: ({ signal }) => client.call(previewPath, { path: detail.name, values: { ...values }, secrets: { ...secrets } }, { signal }),
    staleTime: 0,
    retry: false,
  });
  if (preview.isPending) return <SkeletonRows rows={10} />;
  if (preview.error !== null) {
    return (
      <>
        <ErrorState error={preview.error} retry={() => void preview.refetch()} />
        <FaultyFields error={preview.error} pageOfField={pageOfField} onGo={onGo} onBack={onBack} />
      </>
    );
  }
  return (
    <>
      <Verdict verdict={preview.data.verdict} findings={preview.data.findings} />
      <Approvals of={preview.data.approvals} />
      <CreateBar detail={detail} values={values} secrets={secrets} preview={preview.data} onBack={onBack} onMade={onMade} />
      <PreviewParts preview={preview.data} />
    </>
  );
}

/** Whom a run of these answers waits for, before it is begun. */
function Approvals({ of }: { readonly of: Preview["approvals"] }): ReactNode {
  if (of.length === 0) return null;
  return (
    <ul className={classes.approvals} aria-label="Approvals">
      {of.map(({ rule, because, approvers, count, automatic, expiresAfterHours }) => (
        <li key={rule}>
          {automatic === undefined ? (
            <>
              Needs the approval of {count > 1 && `${count} of `}
              <Approvers of={approvers} />, because: {because}{" "}
              <span className="rb-dim">Without an answer it ends after {formatHours(expiresAfterHours)}.</span>
            </>
          ) : (
            <>Would need an approval ({because}), which a learned rule grants at once.</>
          )}
        </li>
      ))}
    </ul>
  );
}

function formatHours(hours: number): string {
  const [n, unit] =
    hours >= 24 ? [Math.round(hours / 24), "day"] : hours >= 1 ? [Math.round(hours), "hour"] : [Math.round(hours * 60), "minute"];
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

function CreateBar({
  detail,
  values,
  secrets,
  preview,
  onBack,
  onMade,
}: { readonly preview: Preview } & Pick<Props, "detail" | "values" | "secrets" | "onBack" | "onMade">): ReactNode {
  const navigate = useNavigate();
  // One key per set of answers: a second click, or a second try after a lost answer, starts no second run.
  const key = useRef(newId("web"));
  const run = useAct(runPath, {
    onDone: ({ id }) => {
      onMade();
      void navigate({ to: "/runs/$id", params: { id } });
    },
    idempotencyKey: key.current,
  });
  const denied = stopsTheAct(preview.verdict);
  return (
    <>
      <Group gap="xs" mt="md">
        <Tooltip label="Policy denies it: mend what is named above, then preview again" disabled={!denied}>
          <Button
            size="sm"
            disabled={denied}
            loading={run.isPending}
            onClick={() => run.mutate({ path: detail.name, values: { ...values }, secrets: { ...secrets } })}
            aria-describedby={denied ? "why-not" : undefined}
          >
            {preview.approvals.some(({ automatic }) => automatic === undefined) ? "Ask for approval" : "Create"}
          </Button>
        </Tooltip>
        <Button variant="default" size="sm" onClick={onBack}>
          Back to the form
        </Button>
        {denied && (
          <span id="why-not" className={classes.whyNot}>
            Policy denies it. Nothing was made.
          </span>
        )}
      </Group>
      {run.error !== null && <ErrorState error={run.error} />}
    </>
  );
}

function FaultyFields({
  error,
  pageOfField,
  onGo,
  onBack,
}: { readonly error: Error } & Pick<Props, "pageOfField" | "onGo" | "onBack">): ReactNode {
  const fields = error instanceof DomainError ? error.problems.map(({ at }) => at).filter((at) => at !== "") : [];
  const page = fields.map((field) => pageOfField(field.replace(/^\/?(values[./])?/, ""))).find((index) => index >= 0);
  return (
    <Button mt="md" variant="default" onClick={() => (page === undefined ? onBack() : onGo(page))}>
      Back to the form
    </Button>
  );
}
