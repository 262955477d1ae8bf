import {
  Checkbox,
  Group,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Radio,
  Select,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { ReactNode } from "react";

import { EntitiesPicker, EntityPicker } from "./EntityPicker.tsx";
import { RepoBranch, RepoUrl } from "./RepoPicker.tsx";
import { common, textOf } from "./widget.ts";
import { asList, asObject, getAt, type FieldSpec, type Schema } from "./schema.ts";
import { change, titleOf, type FormState } from "./form-state.ts";

/** What every widget gets. */
export interface WidgetProps {
  readonly label: string;
  readonly description: string | undefined;
  readonly error: ReactNode;
  readonly required: boolean;
  readonly value: unknown;
  readonly set: (value: unknown) => void;
  readonly onBlur: () => void;
  readonly schema: Schema;
  readonly form?: Pick<FormState, "values" | "secrets" | "onSecret">;
}

/** One field: the widget its schema asks for, and what the server says about it. */
export function Field({ field, state }: { readonly field: FieldSpec; readonly state: FormState }): ReactNode {
  const { path, schema, required } = field;
  const problem = state.problems.find((one) => one.field === path || one.field.startsWith(`${path}.`));
  const Widget = widgetOf(schema);
  return (
    <Widget
      label={titleOf(field)}
      description={
        typeof schema["description"] === "string"
          ? schema["description"]
          : typeof schema["ui:help"] === "string"
            ? schema["ui:help"]
            : undefined
      }
      error={problem !== undefined && state.touched.has(path) ? <Problem title={titleOf(field)} {...problem} /> : undefined}
      required={required}
      value={getAt(state.values, path)}
      set={(value) => change(state, path, value)}
      onBlur={() => state.onTouch(path)}
      schema={schema}
      form={state}
    />
  );
}

/** "is needed" becomes "Owner is needed"; a reason that is a sentence of its own stays. */
function Problem({
  title,
  reason,
  mend,
}: {
  readonly title: string;
  readonly reason: string;
  readonly mend?: string | undefined;
}): ReactNode {
  return (
    <>
      {/^(is|are|must|may|has|does|needs|can) /.test(reason) ? `${title} ${reason}` : reason}
      {mend !== undefined && `. ${mend}`}
    </>
  );
}

type Widget = (props: WidgetProps) => ReactNode;

/** By `ui:field`, then `ui:widget`, then type. What is not known becomes a text: every path stays usable. */
function widgetOf(schema: Schema): Widget {
  const options = asObject(schema["ui:options"]);
  const widget = schema["ui:widget"] ?? options["widget"];
  const field = schema["ui:field"];
  if (field === "OwnerPicker" || field === "EntityPicker" || field === "MyGroupsPicker" || field === "OwnedEntityPicker")
    return EntityPicker;
  if (field === "MultiEntityPicker") return EntitiesPicker;
  if (field === "RepoUrlPicker") return RepoUrl;
  if (field === "RepoBranchPicker") return RepoBranch;
  if (field === "EntityTagsPicker") return Tags;
  if (widget === "password" || field === "Secret") return Secret;
  return typeof field === "string" && !PLAIN_FIELDS.has(field) ? Unknown : plainWidget(schema, widget);
}

/** Fields of Backstage that are drawn by their type here. */
const PLAIN_FIELDS = new Set(["EntityNamePicker", "ProjectsPicker"]);

/** A field that somebody's Backstage draws with code of its own: it is said, and one can type. */
function Unknown(props: WidgetProps): ReactNode {
  const { schema, description = "" } = props;
  const Widget = plainWidget(schema, schema["ui:widget"]);
  const said = `${String(schema["ui:field"])} is a field of its own that is not drawn here: type its value.`;
  return <Widget {...props} description={`${description} ${said}`.trim()} />;
}

function plainWidget(schema: Schema, widget: unknown): Widget {
  if (schema["type"] === "boolean") return Yes;
  if (schema["type"] === "number" || schema["type"] === "integer") return Numeric;
  if (schema["type"] === "array") return arrayWidget(schema, widget);
  if (Array.isArray(schema["enum"])) return widget === "radio" ? Choice : Pick;
  if (schema["type"] === "object") return JsonText;
  return widget === "textarea" ? LongText : ShortText;
}

function arrayWidget(schema: Schema, widget: unknown): Widget {
  const items = asObject(schema["items"]);
  if (Array.isArray(items["enum"])) return widget === "checkboxes" ? Boxes : Several;
  if (items["ui:field"] === "EntityPicker") return EntitiesPicker;
  return items["type"] === "object" ? JsonText : Tags;
}

function optionsOf(schema: Schema): { value: string; label: string }[] {
  const names = asList(schema["enumNames"]);
  return asList(schema["enum"]).map((value, index) => ({ value: String(value), label: String(names[index] ?? value) }));
}

function ShortText(props: WidgetProps): ReactNode {
  const { schema, value, set } = props;
  return (
    <TextInput
      {...common(props)}
      value={textOf(value)}
      onChange={(event) => set(event.currentTarget.value)}
      placeholder={typeof schema["ui:placeholder"] === "string" ? schema["ui:placeholder"] : undefined}
      autoFocus={schema["ui:autofocus"] === true}
      autoComplete="off"
      spellCheck={schema["ui:field"] !== "EntityNamePicker"}
    />
  );
}

function LongText(props: WidgetProps): ReactNode {
  const rows = asObject(props.schema["ui:options"])["rows"];
  return (
    <Textarea
      {...common(props)}
      autosize
      minRows={typeof rows === "number" ? rows : 2}
      maxRows={12}
      value={textOf(props.value)}
      onChange={(event) => props.set(event.currentTarget.value)}
    />
  );
}

function Secret(props: WidgetProps): ReactNode {
  return (
    <PasswordInput
      {...common(props)}
      autoComplete="new-password"
      value={textOf(props.value)}
      onChange={(event) => props.set(event.currentTarget.value)}
      visibilityToggleButtonProps={{ "aria-label": "Show it" }}
    />
  );
}

function Numeric(props: WidgetProps): ReactNode {
  const { schema, value, set } = props;
  const limit = (key: string): number | undefined => (typeof schema[key] === "number" ? schema[key] : undefined);
  return (
    <NumberInput
      {...common(props)}
      value={typeof value === "number" ? value : ""}
      onChange={(next) => set(typeof next === "number" ? next : next === "" ? undefined : Number(next))}
      allowDecimal={schema["type"] === "number"}
      step={limit("multipleOf") ?? 1}
      clampBehavior="none"
      maw={220}
    />
  );
}

function Yes({ label, description, error, value, set, onBlur }: WidgetProps): ReactNode {
  return (
    <Switch
      label={label}
      description={description}
      error={error}
      checked={value === true}
      onChange={(event) => set(event.currentTarget.checked)}
      onBlur={onBlur}
    />
  );
}

function Pick(props: WidgetProps): ReactNode {
  const { schema, value, set, required } = props;
  const data = optionsOf(schema);
  return (
    <Select
      {...common(props)}
      data={data}
      value={value === undefined ? null : textOf(value)}
      onChange={(next) => set(next === null ? undefined : asList(schema["enum"]).find((one) => String(one) === next))}
      searchable={data.length > 8}
      clearable={!required}
      allowDeselect={false}
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}

function Choice(props: WidgetProps): ReactNode {
  const { schema, value, set, label, description, error, required, onBlur } = props;
  return (
    <Radio.Group
      label={label}
      description={description}
      error={error}
      required={required}
      onBlur={onBlur}
      value={textOf(value)}
      onChange={(next) => set(asList(schema["enum"]).find((one) => String(one) === next))}
    >
      <Stack gap={6} mt={6}>
        {optionsOf(schema).map((option) => (
          <Radio key={option.value} size="xs" value={option.value} label={option.label} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

function Boxes(props: WidgetProps): ReactNode {
  const { schema, value, set, label, description, error, required } = props;
  return (
    <Checkbox.Group
      label={label}
      description={description}
      error={error}
      required={required}
      value={asList(value).map(String)}
      onChange={set}
    >
      <Group gap="md" mt={6}>
        {optionsOf(asObject(schema["items"])).map((option) => (
          <Checkbox key={option.value} size="xs" value={option.value} label={option.label} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

function Several(props: WidgetProps): ReactNode {
  return (
    <MultiSelect
      {...common(props)}
      data={optionsOf(asObject(props.schema["items"]))}
      value={asList(props.value).map(String)}
      onChange={props.set}
      searchable
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}

function Tags(props: WidgetProps): ReactNode {
  return (
    <TagsInput
      {...common(props)}
      placeholder={asList(props.value).length === 0 ? "Type and press Enter" : ""}
      value={asList(props.value).map(String)}
      onChange={props.set}
      clearButtonProps={{ "aria-label": "Clear" }}
    />
  );
}

/** Lists of objects are rare; they are written as JSON. */
function JsonText(props: WidgetProps): ReactNode {
  const { value, set } = props;
  return (
    <Textarea
      {...common(props)}
      description={`${props.description ?? ""} As JSON.`.trim()}
      autosize
      minRows={3}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
      value={typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value, null, 2)}
      onChange={(event) => set(parsed(event.currentTarget.value))}
    />
  );
}

function parsed(text: string): unknown {
  try {
    return text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    // While one types it is not JSON yet; the server's check says so beside the field.
    return text;
  }
}
