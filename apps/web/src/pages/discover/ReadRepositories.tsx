import { Button, Select, TextInput } from "@mantine/core";
import { FolderGit2, RefreshCw } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";

import { listSources } from "@roadbed/contracts/catalog";
import { runDiscovery, type Discovery } from "@roadbed/contracts/catalog/proposals";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { CopyText } from "../../ui/Copy.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Panel } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./discover.module.css";
import { sentenceOfDiscovery } from "./words.ts";

/** Connectors whose systems keep code that can be read. */
const CODE: ReadonlySet<string> = new Set(["github", "gitlab"]);

/** Choose what to read; then see how far it is and what came of it. */
export function ReadRepositories({ latest, pending }: { readonly latest: Discovery | undefined; readonly pending: boolean }): ReactNode {
  const [target, setTarget] = useState("");
  const [source, setSource] = useState<string | null>(null);
  const act = useAct(runDiscovery);
  const sources = useOperation(listSources, { limit: 100 }, { staleTime: 30_000 });
  const choices = (sources.data?.items ?? []).filter(
    ({ kind, sample, connector }) => kind !== "inline" && kind !== "upload" && !sample && (connector === undefined || CODE.has(connector)),
  );
  const busy = latest?.status === "queued" || latest?.status === "running";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    act.mutate(source === null ? { target: target.trim() } : { source });
  };
  return (
    <div className={classes.read}>
      <Panel>
        <form onSubmit={submit} aria-label="Read repositories" className={classes.readForm}>
          <TextInput
            label="Folder of clones"
            description="On the machine where Roadbed runs. Nothing in it is changed or run."
            placeholder="/srv/clones"
            value={target}
            onChange={(event) => {
              setTarget(event.currentTarget.value);
              setSource(null);
            }}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: "rb-mono" }}
          />
          {choices.length > 0 && (
            <Select
              label="Or a source"
              description="A folder, a Git address, or an organisation at its Git host that is connected with a token."
              placeholder="None"
              data={choices.map(({ id, name }) => ({ value: id, label: name }))}
              value={source}
              onChange={(value) => {
                setSource(value);
                setTarget("");
              }}
              clearable
            />
          )}
          <div className={classes.readActs}>
            <Button
              type="submit"
              leftSection={<FolderGit2 size={15} aria-hidden />}
              loading={act.isPending}
              disabled={target.trim() === "" && source === null}
            >
              Read it
            </Button>
            {latest !== undefined && !busy && (
              <Button
                variant="default"
                leftSection={<RefreshCw size={15} aria-hidden />}
                loading={act.isPending}
                onClick={() => act.mutate({})}
              >
                Read all again
              </Button>
            )}
          </div>
        </form>
        {act.error !== null && <ErrorState error={act.error} />}
        {latest !== undefined ? <Latest of={latest} /> : !pending && <Teach />}
      </Panel>
    </div>
  );
}

function Latest({ of }: { readonly of: Discovery }): ReactNode {
  const busy = of.status === "queued" || of.status === "running";
  return (
    <div className={classes.latest} role="status">
      <StateBadge word={of.status} plain />
      <span className={classes.latestText}>
        <span className="rb-mono">{of.kind === "all" ? "everything read before" : of.target}</span> {sentenceOfDiscovery(of)}{" "}
        {of.finishedAt !== undefined && (
          <span className="rb-dim">
            <When at={of.finishedAt} />
          </span>
        )}
      </span>
      {busy && of.total > 0 && (
        <span
          role="progressbar"
          aria-label="Repositories read"
          aria-valuenow={of.done}
          aria-valuemin={0}
          aria-valuemax={of.total}
          className={classes.progress}
        >
          <span style={{ width: `${(100 * of.done) / of.total}%` }} />
        </span>
      )}
      {of.notes.length > 0 && (
        <details className={classes.notes}>
          <summary>{of.notes.length === 1 ? "1 file was passed over" : `${of.notes.length} files were passed over`}</summary>
          <ul>
            {of.notes.slice(0, 50).map(({ repository, file, reason }, index) => (
              <li key={index}>
                <code>{[repository, file].filter(Boolean).join("/")}</code> {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Teach(): ReactNode {
  return (
    <div className={classes.teach}>
      <p>
        Build files, Dockerfiles, Compose and Kubernetes manifests, API descriptions, pipelines, CODEOWNERS and the newest commits are read.
        From them come <b>components, APIs, resources, systems and teams</b>, each with how sure it is and why, with file and line. Nothing
        enters the catalogue before you accept it, and what you refuse does not come back.
      </p>
      <p>
        Without clones: connect your organisation at GitHub or GitLab with a token that may only read, then choose it here as the source.
        Only the files that say something are fetched, and a tenth of the calls that the host allows is left to others.
      </p>
      <p>
        From a terminal: <CopyText text="npx roadbed discover /srv/clones" what="command" />
      </p>
    </div>
  );
}
