import { Popover, UnstyledButton } from "@mantine/core";
import { Lock, ReceiptText, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { listFacts, type Fact } from "@roadbed/contracts/catalog/facts";
import { useOperation } from "../api/use-operation.ts";
import { formatPercent } from "../format/number.ts";
import { SkeletonRows } from "../ui/Loaded.tsx";
import classes from "./facts.module.css";
import { propertyWords } from "./words.ts";

const FactReceipt = lazy(async () => ({ default: (await import("./FactReceipt.tsx")).FactReceipt }));

/** The mark behind a field: who says it, how old it is, how far to trust it; and what to do about it. */
export function FactMark({ entityRef, property }: { readonly entityRef: string; readonly property: string }): ReactNode {
  const [opened, setOpened] = useState(false);
  const facts = useOperation(listFacts, { ref: entityRef, limit: 500 }, { staleTime: 60_000 });
  const fact = facts.data?.items.find((one) => one.property === property);
  return (
    <Popover
      width={440}
      position="bottom-start"
      shadow="md"
      withArrow
      trapFocus
      returnFocus
      middlewares={{ flip: false, shift: true }}
      opened={opened}
      onChange={setOpened}
    >
      <Popover.Target>
        <UnstyledButton
          className={classes.mark}
          data-stale={fact?.stale === true || undefined}
          aria-label={labelOf(property, fact)}
          title={fact === undefined ? undefined : `trust ${formatPercent(fact.trust)}`}
          onClick={() => setOpened(!opened)}
        >
          <MarkIcon fact={fact} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.dropdown} aria-label={`Receipt of ${propertyWords(property)}`}>
        <Suspense fallback={<SkeletonRows rows={4} />}>
          {opened && <FactReceipt entityRef={entityRef} property={property} onDone={() => setOpened(false)} />}
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}

function MarkIcon({ fact }: { readonly fact: Fact | undefined }): ReactNode {
  if (fact?.locked === true) return <Lock size={12} aria-hidden />;
  if (fact?.stale === true) return <TriangleAlert size={13} aria-hidden />;
  return <ReceiptText size={13} aria-hidden />;
}

function labelOf(property: string, fact: Fact | undefined): string {
  const name = propertyWords(property);
  if (fact === undefined) return `Where the field ${name} comes from`;
  const marks = [fact.locked && "locked", fact.stale && "stale"].filter(Boolean).join(", ");
  return `Where the field ${name} comes from: trust ${formatPercent(fact.trust)}${marks === "" ? "" : `, ${marks}`}`;
}
