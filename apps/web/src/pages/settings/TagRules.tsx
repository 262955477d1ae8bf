import { Button, Group, Stack, TextInput } from "@mantine/core";
import { EyeOff } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Link } from "@tanstack/react-router";

import { deleteTagRule, listTagRules, saveTagRule, type TagRule } from "@roadbed/contracts/paths/tag-rules";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { Confirm } from "../../ui/Confirm.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Section } from "../../ui/Page.tsx";
import { Tag } from "../../ui/Tag.tsx";
import classes from "./settings.module.css";
import { tellDone } from "./tell.ts";

/** Who sees the pages, fields and steps of paths that carry a tag. */
export function TagRules({ manages }: { readonly manages: boolean }): ReactNode {
  const [saying, setSaying] = useState<TagRule | undefined>();
  const [ending, setEnding] = useState<TagRule | undefined>();
  const rules = useOperation(listTagRules, { limit: 100 });
  const remove = useAct(deleteTagRule, {
    onDone: () => {
      tellDone("Everybody sees it now.");
      setEnding(undefined);
      void rules.refetch();
    },
  });
  return (
    <Section title="Hidden parts of paths">
      <Loaded query={rules} skeleton={<SkeletonRows rows={2} />}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={EyeOff} title="No part of a path carries a tag">
              A page, a field or a step with <code>backstage:permissions: {"{ tags: [platform] }"}</code> is there only for those whom a
              rule about its tag lets see it.
            </EmptyState>
          ) : (
            <ul className={classes.connections}>
              {items.map((one) => (
                <li key={one.tag}>
                  <Tag>{one.tag}</Tag>
                  {one.when === undefined ? <span className="rb-dim">No rule: everybody sees it</span> : <code>{one.when}</code>}
                  {one.because !== undefined && <span className="rb-dim">{one.because}</span>}
                  <span className={classes.connectionFoot}>
                    {one.paths.slice(0, 3).map((path) => (
                      <Link key={path} to="/create/$path" params={{ path }}>
                        {path}
                      </Link>
                    ))}
                    {one.paths.length > 3 && <span className="rb-dim">and {one.paths.length - 3} more</span>}
                    {manages && (
                      <Button size="compact-xs" variant="default" onClick={() => setSaying(one)}>
                        {one.when === undefined ? "Say who sees it" : "Change"}
                      </Button>
                    )}
                    {manages && one.when !== undefined && (
                      <Button size="compact-xs" variant="subtle" color="red" onClick={() => setEnding(one)}>
                        Remove
                      </Button>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {saying !== undefined && (
        <RuleForm key={saying.tag} rule={saying} onClose={() => setSaying(undefined)} onSaved={() => void rules.refetch()} />
      )}
      {remove.error !== null && <ErrorState error={remove.error} />}
      {ending !== undefined && (
        <Confirm
          opened
          onClose={() => setEnding(undefined)}
          title={`Remove the rule about ${ending.tag}`}
          what="Everybody sees the pages, fields and steps that carry it, and runs them."
          word={ending.tag}
          act="Remove"
          onConfirm={() => remove.mutate({ tag: ending.tag })}
        />
      )}
    </Section>
  );
}

interface RuleFormProps {
  readonly rule: TagRule;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

function RuleForm({ rule, onClose, onSaved }: RuleFormProps): ReactNode {
  const [when, setWhen] = useState(rule.when ?? "");
  const [because, setBecause] = useState(rule.because ?? "");
  const save = useAct(saveTagRule, {
    onDone: () => {
      tellDone(`The rule about ${rule.tag} holds from now on.`);
      onSaved();
      onClose();
    },
  });
  return (
    <form
      className={classes.connectionForm}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ tag: rule.tag, when, ...(because.trim() !== "" && { because }) });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={`Who sees ${rule.tag}`}
          description="CEL over actor (id, kind, ref, groups), path (ref, name, type, owner) and part (parameters or steps)"
          placeholder="'group:default/platform' in actor.groups"
          required
          value={when}
          onChange={(event) => setWhen(event.currentTarget.value)}
          autoFocus
        />
        <TextInput
          label="Because"
          description="Why others do not see it"
          value={because}
          onChange={(event) => setBecause(event.currentTarget.value)}
        />
        {save.error !== null && <ErrorState error={save.error} />}
        <Group gap="xs">
          <Button type="submit" loading={save.isPending} disabled={when.trim() === ""}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
