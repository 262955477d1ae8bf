import { Autocomplete, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { listGitHosts } from "@roadbed/contracts/paths/connections";
import { useOperation } from "../api/use-operation.ts";
import type { WidgetProps } from "./Field.tsx";
import { parseRepo, writeRepo } from "./repo-url.ts";
import { asList, asObject } from "./schema.ts";
import { common, textOf } from "./widget.ts";

const EMBEDDED = "roadbed";

/** `host?owner=…&repo=…`, as Backstage writes a repository's place; of our own Git host only the name matters. */
export function RepoUrl(props: WidgetProps): ReactNode {
  const { schema, value, set, form } = props;
  const options = asObject(schema["ui:options"]);
  const known = useOperation(listGitHosts, {}, { staleTime: 60_000 }).data?.items ?? [];
  const allowed = asList(options["allowedHosts"]).map(String);
  const hosts = allowed.length > 0 ? allowed : [EMBEDDED, ...new Set(known.map(({ host }) => host))];
  const { host = hosts[0] ?? EMBEDDED, owner, repo } = parseRepo(textOf(value));
  const owners = asList(options["allowedOwners"]).map(String);
  const offered = owners.length > 0 ? owners : known.filter((one) => one.host === host).map((one) => one.owner);
  const credentials = asObject(options["requestUserCredentials"]);
  const key = typeof credentials["secretsKey"] === "string" ? credentials["secretsKey"] : undefined;
  const change = (part: { host?: string; owner?: string; repo?: string }): void => set(writeRepo({ host, owner, repo, ...part }));
  const isOurs = host === EMBEDDED;
  return (
    <Stack gap="xs">
      {hosts.length > 1 && (
        <Autocomplete label={`${props.label}: host`} size="sm" data={hosts} value={host} onChange={(next) => change({ host: next })} />
      )}
      {!isOurs && (
        <Autocomplete
          label={`${props.label}: owner`}
          size="sm"
          required={props.required}
          data={[...new Set(offered)]}
          value={owner ?? ""}
          onChange={(next) => change({ owner: next })}
          description={hosts.length > 1 ? undefined : `The organisation or group at ${host}.`}
        />
      )}
      <TextInput
        {...common(props)}
        description={
          props.description ?? (isOurs ? "The repository's name in the embedded Git host." : `The repository's name at ${host}.`)
        }
        value={repo ?? ""}
        onChange={(event) => change({ repo: event.currentTarget.value })}
        autoComplete="off"
        spellCheck={false}
      />
      {key !== undefined && form?.onSecret !== undefined && (
        <PasswordInput
          label={`Your token for ${host}`}
          description="Sent with this run only. Left out, the token of the connection is used, where there is one."
          size="sm"
          autoComplete="new-password"
          value={form.secrets?.[key] ?? ""}
          onChange={(event) => form.onSecret?.(key, event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show it" }}
        />
      )}
    </Stack>
  );
}

/** A branch of the repository that the form's `repoUrl` names; any other can be typed. */
export function RepoBranch(props: WidgetProps): ReactNode {
  const place = textOf(props.form?.values["repoUrl"]);
  const [asked] = useDebouncedValue(place, 400);
  const branches = useQuery({
    queryKey: ["branches", asked],
    queryFn: ({ signal }) => readBranches(asked, signal),
    enabled: asked !== "",
    retry: false,
    staleTime: 60_000,
  });
  return (
    <Autocomplete
      {...common(props)}
      data={branches.data ?? []}
      value={textOf(props.value)}
      onChange={(next) => props.set(next)}
      description={props.description ?? (place === "" ? "Of the repository that is named in this form." : undefined)}
    />
  );
}

/** By the scaffolder's own address for it, which forms of Backstage use as well. */
async function readBranches(place: string, signal: AbortSignal): Promise<string[]> {
  const { host = "", owner = "", repo = "" } = parseRepo(place);
  const provider = host.includes("gitlab") ? "gitlab" : "github";
  const answer = await fetch(`/api/scaffolder/v2/autocomplete/${provider}/branches`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ context: { host, owner, repository: repo } }),
    signal,
  });
  if (!answer.ok) return [];
  const { results = [] } = (await answer.json()) as { results?: { id: string }[] };
  return results.map(({ id }) => id);
}
