import { Button, Select } from "@mantine/core";
import { Eye } from "lucide-react";
import type { ReactNode } from "react";

import { listWatches, removeWatch, setWatch, type Weight } from "@roadbed/contracts/notify";
import { useAct, usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import classes from "./inbox.module.css";

/** How much is told of something, in the words of the choice. */
export const WEIGHTS: readonly { readonly value: Weight; readonly label: string }[] = [
  { value: "info", label: "Everything" },
  { value: "important", label: "What is important" },
  { value: "urgent", label: "Only what is urgent" },
];

/** What I follow, and how much I am told of each. */
export function FollowingTab(): ReactNode {
  const list = usePages(listWatches, { limit: 100 });
  const set = useAct(setWatch);
  const remove = useAct(removeWatch);
  if (list.error !== null) return <ErrorState error={list.error} retry={list.retry} />;
  if (list.pending) return <SkeletonRows rows={5} />;
  if (list.rows.length === 0) {
    return (
      <EmptyState icon={Eye} title="You follow nothing">
        Open a thing in the catalogue and choose Follow. What you own tells you what is important without that.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className={classes.watches}>
        {list.rows.map(({ ref, weight }) => (
          <li key={ref}>
            <EntityLink entityRef={ref} />
            <Select
              size="xs"
              aria-label={`What to be told of ${ref}`}
              data={[...WEIGHTS]}
              value={weight}
              allowDeselect={false}
              onChange={(value) => value !== null && set.mutate({ ref, weight: value as Weight })}
            />
            <Button variant="subtle" size="xs" color="gray" onClick={() => remove.mutate({ ref })}>
              Unfollow
            </Button>
          </li>
        ))}
      </ul>
      <LoadMore shown={list.rows.length} total={undefined} more={list.more} loading={list.loadingMore} />
    </>
  );
}
