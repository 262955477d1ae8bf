import { Button, Modal } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { getMe } from "@roadbed/contracts/identity";
import { listCapabilities, type ListedCapability } from "@roadbed/contracts/product/adoption";
import type { OutputOf } from "@roadbed/core";
import { useOperation } from "../../api/use-operation.ts";
import type { Column } from "../../table/column.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { intervalWords, statusWords, valueWords } from "../insights/words.ts";
import { mayScope } from "../settings/scopes.ts";
import { AdoptionBar, AdoptionLegend } from "./AdoptionBar.tsx";
import classes from "./adoption.module.css";
import { KeepForm } from "./KeepForm.tsx";
import { answerOf } from "./words.ts";

type Listed = OutputOf<typeof listCapabilities>;

const COLUMNS: readonly Column<ListedCapability>[] = [
  {
    id: "title",
    header: "Capability",
    cell: ({ name, title, about }) => (
      <Link to="/adoption/$name" params={{ name }} title={about}>
        {title}
      </Link>
    ),
  },
  {
    id: "breadth",
    header: "Breadth",
    width: "90px",
    align: "right",
    cell: ({ breadth }) => valueWords("share", breadth.value) ?? <span className="rb-dim">no value</span>,
  },
  { id: "between", header: "Between", width: "130px", align: "right", cell: ({ breadth }) => intervalWords("share", breadth) ?? "" },
  {
    id: "voluntary",
    header: "By choice",
    width: "90px",
    align: "right",
    cell: ({ voluntary }) => valueWords("share", voluntary.value) ?? <span className="rb-dim">no value</span>,
  },
  {
    id: "depth",
    header: "Depth",
    width: "90px",
    align: "right",
    hint: "Work that goes through it, of all that should",
    cell: ({ depth }) => valueWords("share", depth.value) ?? <span className="rb-dim">no value</span>,
  },
  {
    id: "drifting",
    header: "Drifting off",
    width: "106px",
    align: "right",
    cell: ({ name, drifting }) =>
      drifting === 0 ? (
        0
      ) : (
        <Link to="/adoption/$name" params={{ name }} search={{ only: "drifting" }}>
          {drifting}
        </Link>
      ),
  },
  {
    id: "status",
    header: "Status",
    width: "150px",
    cell: ({ breadth, underused }) =>
      underused ? (
        <StateBadge plain word="underused" state="warn" label="hardly used" title="Fewer than 15 % of the eligible teams after 180 days" />
      ) : (
        <StateBadge plain word={breadth.status} {...statusWords(breadth.status)} title={breadth.why} />
      ),
  },
];

/** Whether teams choose what the platform offers: who uses what, and how they came to it. */
export function AdoptionPage(): ReactNode {
  const list = useOperation(listCapabilities, { limit: 100 }, { keep: true });
  return (
    <Page
      title="Adoption"
      state={list.data === undefined ? "Counting…" : answerOf(list.data)}
      act={<Link to="/about-you">What is stored about you</Link>}
    >
      <Loaded query={list} skeleton={420}>
        {(listed) => (
          <>
            <Picture of={listed} />
            <RegisterNote of={listed} />
            <Section title="Capabilities" count={listed.total}>
              <DataTable
                label="Capabilities"
                columns={COLUMNS}
                rows={listed.items}
                rowKey={({ name }) => name}
                empty={<EmptyState compact title="Nothing is offered" />}
              />
              <p className="rb-dim">
                Active is a team with three successful uses on two days within 28. Figures are by team: no person stands in them.
                {listed.unowned > 0 && ` ${listed.unowned} uses of the last 28 days were by somebody who is in no team.`}
              </p>
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Picture({ of: { items } }: { readonly of: Listed }): ReactNode {
  return (
    <div className={classes.picture}>
      <div className={classes.bars}>
        {items.map(({ name, title, counts }) => (
          <AdoptionBar
            key={name}
            counts={counts}
            title={
              <Link to="/adoption/$name" params={{ name }}>
                {title}
              </Link>
            }
          />
        ))}
      </div>
      <AdoptionLegend />
    </div>
  );
}

function RegisterNote({ of: { register } }: { readonly of: Listed }): ReactNode {
  const [keeping, setKeeping] = useState(false);
  const me = useOperation(getMe, {});
  const manages = me.data !== undefined && mayScope(me.data.scopes, "product:admin");
  return (
    <Section
      title="Register of mandates"
      act={
        manages && (
          <Button size="xs" variant="default" onClick={() => setKeeping(true)}>
            {register === undefined ? "State that it is kept" : "State anew"}
          </Button>
        )
      }
    >
      <p>
        {register === undefined
          ? "Nobody keeps one. Use can be mandated; that it was not has to be known before anything can be called a choice."
          : `Complete since ${register.completeSince}: ${register.why}`}
      </p>
      <Modal opened={keeping} onClose={() => setKeeping(false)} title="Since when is the register complete?">
        <KeepForm onClose={() => setKeeping(false)} />
      </Modal>
    </Section>
  );
}
