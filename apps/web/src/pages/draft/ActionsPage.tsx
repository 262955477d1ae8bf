import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { listActions, showAction, type ActionDetail } from "@roadbed/contracts/paths/authoring";
import { useOperation } from "../../api/use-operation.ts";
import { CodeBlock } from "../../markdown/CodeBlock.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./draft.module.css";
import { inputRows } from "./input-rows.ts";

const route = getRouteApi("/app/write/actions");

/** What a step of a golden path can do: the list, and one with its input, output and examples. */
export function ActionsPage(): ReactNode {
  const { action = "fetch:template" } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text, 150);
  const list = useOperation(listActions, { limit: 200, ...(asked !== "" && { text: asked }) }, { keep: true, staleTime: 5 * 60_000 });
  const detail = useOperation(showAction, { id: action }, { keep: true, staleTime: 5 * 60_000 });
  return (
    <Page
      title="Actions"
      state="What the steps of a golden path can do."
      trail={<Link to="/create">Create</Link>}
      act={<Link to="/write">Write a path</Link>}
    >
      <div className={classes.two}>
        <nav aria-label="Actions" className={classes.list}>
          <TextInput
            aria-label="Find an action"
            placeholder="Find an action"
            size="sm"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            mb="xs"
          />
          <Select
            className={classes.narrowOnly ?? ""}
            aria-label="Action"
            data={(list.data?.items ?? []).map(({ id }) => id)}
            value={action}
            onChange={(id) => id !== null && void navigate({ search: { action: id } })}
            searchable
          />
          <ul className={classes.wideOnly}>
            {(list.data?.items ?? []).map(({ id, description }) => (
              <li key={id}>
                <Link to="/write/actions" search={{ action: id }} className={classes.item} data-active={id === action} title={description}>
                  {id}
                </Link>
              </li>
            ))}
          </ul>
          {list.data?.items.length === 0 && <p className="rb-dim">No action is called or described so.</p>}
        </nav>
        <Loaded query={detail} skeleton={<SkeletonRows rows={8} />}>
          {(known) => <Detail detail={known} />}
        </Loaded>
      </div>
    </Page>
  );
}

function Detail({ detail }: { readonly detail: ActionDetail }): ReactNode {
  return (
    <div>
      <h2 className={classes.name}>{detail.id}</h2>
      <p>{detail.description}</p>
      <p className={classes.tags}>
        <Tag>{detail.reach === "local" ? "changes the workspace only" : "makes things that stay"}</Tag>
        <Tag>{detail.preview ? "done in a preview" : "described in a preview"}</Tag>
      </p>
      {detail.examples.map(({ description, yaml }) => (
        <Section key={description} title={description}>
          <CodeBlock code={yaml} lang="yaml" label={description} />
        </Section>
      ))}
      <Section title="Input">
        <Fields schema={detail.input} />
      </Section>
      {detail.output !== undefined && (
        <Section title="Output">
          <Fields schema={detail.output} />
        </Section>
      )}
    </div>
  );
}

function Fields({ schema }: { readonly schema: Readonly<Record<string, unknown>> }): ReactNode {
  const rows = inputRows(schema);
  if (rows.length === 0) return <p className="rb-dim">None.</p>;
  return (
    <table className={classes.fields}>
      <thead>
        <tr>
          <th>Name</th>
          <th>Type</th>
          <th>Default</th>
          <th>What it is</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, type, required, fallback, description }) => (
          <tr key={name}>
            <td>
              <code>{name}</code>
              {required && <span title="needed"> *</span>}
            </td>
            <td>{type}</td>
            <td>{fallback}</td>
            <td>{description}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
