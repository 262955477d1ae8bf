import { ActionIcon, Button, Checkbox, Select, Stack, TextInput } from "@mantine/core";
import { Plus, X } from "lucide-react";
import type { ReactNode } from "react";

import { asList, asObject } from "../../schema-form/schema.ts";
import { freshName, renamed, setPart, type KindDraft } from "./kind-document.ts";
import classes from "./kinds.module.css";

type Json = Readonly<Record<string, unknown>>;

interface Props {
  readonly value: KindDraft;
  readonly fixedName: string | undefined;
  readonly onChange: (next: KindDraft) => void;
}

/** The parts of a kind that are best filled in; the rest is written in the text beside it. */
export function KindForm({ value, fixedName, onChange }: Props): ReactNode {
  const { spec } = value;
  const text = (label: string, part: "metadata" | "spec", key: string, more: object = {}): ReactNode => (
    <TextInput
      size="sm"
      label={label}
      value={textOf(value[part][key])}
      onChange={(event) => onChange(setPart(value, part, key, event.currentTarget.value))}
      {...more}
    />
  );
  return (
    <Stack gap="sm">
      <div className={classes.pair}>
        {text("Name", "metadata", "name", { disabled: fixedName !== undefined, description: "As entities write it, e.g. Environment" })}
        {text("Icon", "metadata", "icon", { description: "server, container, key, bot, …" })}
      </div>
      <div className={classes.pair}>
        {text("Title", "metadata", "title")}
        {text("Plural", "spec", "plural")}
      </div>
      {text("Description", "metadata", "description")}
      <Fields schema={asObject(spec["schema"])} onChange={(schema) => onChange(setPart(value, "spec", "schema", schema))} />
      <Named
        title="Relations"
        stem="relation"
        make={() => ({ type: "relatesTo", inverse: "relatedTo" })}
        entries={asObject(spec["relations"])}
        onChange={(relations) => onChange(setPart(value, "spec", "relations", relations))}
      >
        {(one, set) => (
          <>
            {entry("Type", one, "type", set)}
            {entry("Back", one, "inverse", set)}
            <TextInput
              size="xs"
              label="To"
              value={asList([one["target"] ?? []].flat()).join(", ")}
              onChange={(event) => set("target", targetsOf(event.currentTarget.value))}
            />
            {tick("Many", one, "many", set)}
            {tick("Required", one, "required", set)}
          </>
        )}
      </Named>
      <Named
        title="Derived properties"
        stem="property"
        make={() => ({ aggregate: { relation: "hasPart", function: "count" } })}
        entries={asObject(spec["derived"])}
        onChange={(derived) => onChange(setPart(value, "spec", "derived", derived))}
      >
        {(one, set) => <Derived one={one} set={set} />}
      </Named>
      <Named
        title="Rules that relate"
        stem="rule"
        make={() => ({
          type: "relatesTo",
          inverse: "relatedTo",
          target: "Component",
          when: { equal: { a: "source.spec.name", b: "target.metadata.name" } },
        })}
        entries={asObject(spec["rules"])}
        onChange={(rules) => onChange(setPart(value, "spec", "rules", rules))}
      >
        {(one, set) => <Rule one={one} set={set} />}
      </Named>
    </Stack>
  );
}

type Set = (key: string, value: unknown) => void;

function Fields({ schema, onChange }: { readonly schema: Json; readonly onChange: (schema: Json) => void }): ReactNode {
  const properties = asObject(schema["properties"]);
  const required = asList(schema["required"]).map(String);
  const change = (next: Json, needed: readonly string[] = required): void => {
    const { properties: _, required: __, ...rest } = schema;
    onChange({
      ...rest,
      ...(Object.keys(next).length === 0 ? {} : { properties: next }),
      ...(needed.length === 0 ? {} : { required: needed }),
    });
  };
  return (
    <Named
      title="Fields"
      stem="field"
      make={() => ({ type: "string" })}
      entries={properties}
      onChange={(next) =>
        change(
          next,
          required.filter((name) => Object.hasOwn(next, name)),
        )
      }
    >
      {(one, set, name) => (
        <>
          <Select
            size="xs"
            label="Type"
            data={["string", "number", "integer", "boolean", "array", "object"]}
            value={textOf(one["type"]) || null}
            onChange={(type) => set("type", type ?? undefined)}
          />
          {entry("Title", one, "title", set)}
          <TextInput
            size="xs"
            label="One of"
            value={asList(one["enum"]).map(String).join(", ")}
            onChange={(event) => set("enum", listOf(event.currentTarget.value))}
          />
          <Checkbox
            size="xs"
            label="Required"
            checked={required.includes(name)}
            onChange={(event) =>
              change(properties, event.currentTarget.checked ? [...required, name] : required.filter((other) => other !== name))
            }
          />
        </>
      )}
    </Named>
  );
}

function Derived({ one, set }: { readonly one: Json; readonly set: Set }): ReactNode {
  const how = one["mirror"] !== undefined ? "mirror" : one["calculate"] !== undefined ? "calculate" : "aggregate";
  const aggregate = asObject(one["aggregate"]);
  const setAggregate: Set = (key, value) => set("aggregate", without({ ...aggregate, [key]: value }));
  return (
    <>
      <Select
        size="xs"
        label="How"
        allowDeselect={false}
        data={[
          { value: "mirror", label: "mirror" },
          { value: "calculate", label: "calculate" },
          { value: "aggregate", label: "aggregate" },
        ]}
        value={how}
        onChange={(next) => set("", { ...(one["title"] === undefined ? {} : { title: one["title"] }), ...START[next ?? how] })}
      />
      {entry("Title", one, "title", set)}
      {how === "mirror" && entry("Over relations to a property", one, "mirror", set, classes.wide)}
      {how === "calculate" && entry("CEL over entity", one, "calculate", set, classes.wide)}
      {how === "aggregate" && (
        <>
          <Select
            size="xs"
            label="Function"
            allowDeselect={false}
            data={["count", "sum", "min", "max", "average", "median"]}
            value={textOf(aggregate["function"])}
            onChange={(next) => setAggregate("function", next)}
          />
          {entry("Over", aggregate, aggregate["kind"] === undefined ? "relation" : "kind", setAggregate)}
          {entry("Property", aggregate, "property", setAggregate)}
          {entry("Only where", aggregate, "filter", setAggregate)}
        </>
      )}
    </>
  );
}

const START: Readonly<Record<string, Json>> = {
  mirror: { mirror: "ownedBy.metadata.title" },
  calculate: { calculate: "entity.metadata.name" },
  aggregate: { aggregate: { relation: "hasPart", function: "count" } },
};

function Rule({ one, set }: { readonly one: Json; readonly set: Set }): ReactNode {
  const when = asObject(one["when"]);
  const equal = asObject(when["equal"]);
  const member = asObject(when["member"]);
  const pair = when["member"] === undefined ? ([equal, "equal", "a", "b"] as const) : ([member, "member", "list", "value"] as const);
  const [values, name, left, right] = pair;
  const setWhen: Set = (key, value) => set("when", without({ ...when, [key]: value }));
  const setSide: Set = (key, value) => {
    const next = without({ ...values, [key]: value });
    setWhen(name, Object.keys(next).length === 0 ? undefined : next);
  };
  return (
    <>
      {entry("Type", one, "type", set)}
      {entry("Back", one, "inverse", set)}
      {entry("To", one, "target", set)}
      {entry(name === "equal" ? "This" : "List", values, left, setSide)}
      {entry(name === "equal" ? "equals" : "has", values, right, setSide)}
      {entry("and CEL over source, target", when, "cel", setWhen)}
    </>
  );
}

/** Entries under names that can be changed, each with a way to take it out. */
function Named(props: {
  readonly title: string;
  readonly stem: string;
  readonly make: () => Json;
  readonly entries: Json;
  readonly onChange: (entries: Json) => void;
  readonly children: (one: Json, set: Set, name: string) => ReactNode;
}): ReactNode {
  const { title, stem, make, entries, onChange, children } = props;
  return (
    <fieldset className={classes.named}>
      <legend>{title}</legend>
      {Object.entries(entries).map(([name, value], index) => {
        const one = asObject(value);
        const set: Set = (key, next) => onChange({ ...entries, [name]: key === "" ? next : without({ ...one, [key]: next }) });
        return (
          // By place: the name is what one types.
          <div key={index} className={classes.row}>
            <TextInput
              size="xs"
              label="Name"
              value={name}
              onChange={(event) => onChange(renamed(entries, name, event.currentTarget.value.trim()))}
            />
            {children(one, set, name)}
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${name}`}
              className={classes.remove}
              onClick={() => onChange(Object.fromEntries(Object.entries(entries).filter(([other]) => other !== name)))}
            >
              <X size={14} aria-hidden />
            </ActionIcon>
          </div>
        );
      })}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<Plus size={12} aria-hidden />}
        onClick={() => onChange({ ...entries, [freshName(entries, stem)]: make() })}
      >
        Add
      </Button>
    </fieldset>
  );
}

function entry(label: string, one: Json, key: string, set: Set, className?: string): ReactNode {
  return (
    <TextInput
      size="xs"
      label={label}
      {...(className !== undefined && { className })}
      value={textOf(one[key])}
      onChange={(event) => set(key, event.currentTarget.value)}
    />
  );
}

function tick(label: string, one: Json, key: string, set: Set): ReactNode {
  return (
    <Checkbox
      size="xs"
      label={label}
      checked={one[key] === true}
      onChange={(event) => set(key, event.currentTarget.checked ? true : undefined)}
    />
  );
}

function without(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== ""));
}

function listOf(text: string): string[] | undefined {
  const items = text.split(",").map((item) => item.trimStart());
  return text.trim() === "" ? undefined : items;
}

function targetsOf(text: string): unknown {
  const items = listOf(text);
  return items?.length === 1 ? items[0] : items;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
