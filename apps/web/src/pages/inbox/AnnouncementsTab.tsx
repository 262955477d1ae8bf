import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { Megaphone } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { acknowledgeAnnouncement, listAnnouncements, withdrawAnnouncement, type Announcement } from "@roadbed/contracts/notify";
import { useAct, usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { Actor } from "../../ui/Actor.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./inbox.module.css";

const Markdown = lazy(async () => ({ default: (await import("../../markdown/Markdown.tsx")).Markdown }));

/** What owners announce to those who depend on their things, and who has said that they know. */
export function AnnouncementsTab(): ReactNode {
  const [which, setWhich] = useState("mine");
  const list = usePages(listAnnouncements, { limit: 20, ...(which === "mine" && { mine: true }) });
  return (
    <>
      <div className={classes.tools}>
        <SegmentedControl
          size="xs"
          aria-label="Which"
          value={which}
          onChange={setWhich}
          data={[
            { value: "mine", label: "Wait for me" },
            { value: "all", label: "All" },
          ]}
        />
      </div>
      {list.error !== null ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={4} height={80} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={Megaphone} title={which === "mine" ? "No announcement waits for you" : "Nothing was announced"}>
          An owner announces to the owners of everything that depends on their thing: on its page, choose Announce. Each says that they
          know.
        </EmptyState>
      ) : (
        list.rows.map((announcement) => <Item key={announcement.id} announcement={announcement} waiting={which === "mine"} />)
      )}
      <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
    </>
  );
}

const none = (): void => {};

function Item({ announcement, waiting }: { readonly announcement: Announcement; readonly waiting: boolean }): ReactNode {
  const { id, ref, title, body, by, at, withdrawnAt, dependants, acknowledged } = announcement;
  const withdraw = useAct(withdrawAnnouncement);
  return (
    <article className={classes.announcement} aria-label={title}>
      <h2>{title}</h2>
      <p className="rb-dim">
        <EntityLink entityRef={ref} /> · <Actor of={by} /> · <When at={at} />
        {withdrawnAt !== undefined && " · withdrawn"}
      </p>
      {body !== "" && (
        <Suspense fallback={<p>{body}</p>}>
          <Markdown text={body} path="" pages={[]} onPage={none} />
        </Suspense>
      )}
      <details open={waiting}>
        <summary>{dependants.length === 0 ? "Nothing depends on it" : `${acknowledged} of ${dependants.length} know`}</summary>
        <ul className={classes.dependants}>
          {dependants.map((dependant) => (
            <li key={dependant.ref}>
              <EntityLink entityRef={dependant.ref} />
              <span className="rb-dim">
                {dependant.acknowledgedBy === undefined ? (
                  dependant.owner === undefined ? (
                    "has no owner who could be asked"
                  ) : (
                    <>
                      waits for <EntityLink entityRef={dependant.owner} icon={false} />
                    </>
                  )
                ) : (
                  <>
                    <Actor of={dependant.acknowledgedBy} /> knows{dependant.note !== undefined && `: ${dependant.note}`}
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      </details>
      {withdraw.error !== null && <ErrorState error={withdraw.error} />}
      {withdrawnAt === undefined && (
        <div className={classes.acts}>
          {waiting && <Acknowledge id={id} />}
          <Button variant="subtle" size="xs" color="gray" onClick={() => withdraw.mutate({ id })} loading={withdraw.isPending}>
            Withdraw
          </Button>
        </div>
      )}
    </article>
  );
}

function Acknowledge({ id }: { readonly id: string }): ReactNode {
  const [note, setNote] = useState("");
  const act = useAct(acknowledgeAnnouncement);
  return (
    <form
      className={classes.acknowledge}
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ id, ...(note.trim() !== "" && { note: note.trim() }) });
      }}
    >
      <TextInput
        size="xs"
        aria-label="A word to its owner"
        placeholder="A word to its owner, e.g. by when"
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        maxLength={500}
      />
      <Button type="submit" size="xs" loading={act.isPending}>
        I know
      </Button>
      {act.error !== null && <ErrorState error={act.error} />}
    </form>
  );
}
