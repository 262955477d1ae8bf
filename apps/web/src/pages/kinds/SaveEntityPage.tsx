import { Button, Select, Stack, TextInput } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getEntity, type Entity } from "@roadbed/contracts/catalog";
import { getKind, listKinds, saveEntity } from "@roadbed/contracts/catalog/kinds";
import { DomainError, type OutputOf } from "@roadbed/core";
import { useAct, useOperation, usePages } from "../../api/use-operation.ts";
import type { FormState } from "../../schema-form/form-state.ts";
import { fieldsOf, pruned, withDefaults, type Values } from "../../schema-form/schema.ts";
import { SchemaForm } from "../../schema-form/SchemaForm.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { partsOf } from "../../ui/entity-kind.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import classes from "./kinds.module.css";

const route = getRouteApi("/app/save");

/** One entity in a form that its kind draws: a new one, or one that no file describes. */
export function SaveEntityPage(): ReactNode {
  const { kind: name, ref } = route.useSearch();
  const navigate = route.useNavigate();
  const kinds = usePages(listKinds, { limit: 200 });
  const chosen = name ?? (ref === undefined ? undefined : partsOf(ref).kind);
  const kind = useOperation(getKind, { name: chosen ?? "Component" }, { enabled: chosen !== undefined });
  const view = useOperation(getEntity, { ref: ref ?? "" }, { enabled: ref !== undefined });
  const title = ref === undefined ? `New ${kind.data?.name ?? "entity"}` : `Change ${view.data?.entity.metadata.name ?? ""}`;
  return (
    <Page title={title} state="What you save here is described by no file; a file that describes it later takes it over." narrow>
      {ref === undefined && (
        <Select
          label="Kind"
          size="sm"
          mb="md"
          {...(classes.kindPick !== undefined && { className: classes.kindPick })}
          data={kinds.rows.filter((row) => row.name !== "Kind").map((row) => row.name)}
          value={kind.data?.name ?? name ?? null}
          onChange={(next) => next !== null && void navigate({ search: { kind: next } })}
        />
      )}
      {chosen !== undefined && (ref === undefined || view.data !== undefined) && (
        <Loaded query={kind} skeleton={320}>
          {(found) => <EntityForm key={`${found.name} ${ref ?? ""}`} kind={found} entity={view.data?.entity} />}
        </Loaded>
      )}
      {view.error !== null && <ErrorState error={view.error} />}
    </Page>
  );
}

function EntityForm({ kind, entity }: { readonly kind: OutputOf<typeof getKind>; readonly entity: Entity | undefined }): ReactNode {
  const navigate = useNavigate();
  const [metadata, setMetadata] = useState<Values>(() => entity?.metadata ?? { name: "" });
  const [spec, setSpec] = useState<Values>(() => withDefaults(kind.form, entity?.spec ?? {}));
  const save = useAct(saveEntity, {
    onDone: ({ ref }) => void navigate({ to: "/entities/$kind/$namespace/$name", params: { ...partsOf(ref) } }),
  });
  const problems = (save.error instanceof DomainError ? save.error.problems : []).map(({ at, reason, mend }) => ({ at, reason, mend }));
  const state: FormState = {
    values: spec,
    problems: problems.filter(({ at }) => at.startsWith("spec.")).map(({ at, ...rest }) => ({ field: at.slice("spec.".length), ...rest })),
    touched: new Set(allPaths(kind.form, spec)),
    onChange: setSpec,
    onTouch: () => {},
  };
  const shown = new Set(fieldsOf(kind.form, spec).map(({ name }) => name));
  const others = problems.filter(({ at }) => !shown.has(at.split(".")[1] ?? "") && at !== "metadata.name");
  const text = (label: string, key: string, more: object = {}): ReactNode => (
    <TextInput
      size="sm"
      label={label}
      value={typeof metadata[key] === "string" ? metadata[key] : ""}
      onChange={(event) =>
        setMetadata({ ...metadata, [key]: event.currentTarget.value === "" && key !== "name" ? undefined : event.currentTarget.value })
      }
      error={problems.find(({ at }) => at === `metadata.${key}`)?.reason}
      {...more}
    />
  );
  return (
    <form
      className={classes.saveForm}
      onSubmit={(event) => {
        event.preventDefault();
        const { uid: _, etag: __, ...own } = metadata;
        // What the form does not show stays as it was.
        const hidden = Object.fromEntries(Object.entries(entity?.spec ?? {}).filter(([key]) => !shown.has(key)));
        save.mutate({
          entity: {
            apiVersion: entity?.apiVersion ?? kind.apiVersion,
            kind: kind.name,
            metadata: own,
            spec: { ...hidden, ...pruned([kind.form], spec) },
          },
        });
      }}
    >
      <Stack gap="md">
        {text("Name", "name", { required: true, disabled: entity !== undefined, autoFocus: entity === undefined })}
        {text("Title", "title")}
        {text("Description", "description")}
        <SchemaForm schema={kind.form} state={state} />
        {save.error !== null && (problems.length === 0 || others.length > 0) && <ErrorState error={save.error} />}
        <div className={classes.acts}>
          <Button type="submit" loading={save.isPending}>
            {entity === undefined ? `Create ${kind.name}` : "Save"}
          </Button>
        </div>
      </Stack>
    </form>
  );
}

function allPaths(schema: Values, values: Values): string[] {
  return fieldsOf(schema, values).map(({ path }) => path);
}
