import type { ReactNode } from "react";

import { listPromotions } from "@roadbed/contracts/delivery/promotions";
import { useOperation } from "../../api/use-operation.ts";
import { Section } from "../../ui/Page.tsx";
import { When } from "../../ui/When.tsx";
import classes from "./promotions.module.css";
import { PromotionLink, standingInTheWay } from "./words.tsx";

/** Promotions that wait for my word, for the inbox; nothing where there are none. */
export function PromotionsThatWait({ mine }: { readonly mine: boolean }): ReactNode {
  const list = useOperation(listPromotions, mine ? { mine: true, limit: 50 } : { state: "waiting", limit: 50 });
  const items = list.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={mine ? "Promotions that wait for you" : "Promotions that wait"} count={items.length}>
      <ul className={classes.votes}>
        {items.map((promotion) => (
          <li key={promotion.id}>
            <PromotionLink promotion={promotion} />, since <When at={promotion.createdAt} />
            <span className="rb-dim">: {standingInTheWay(promotion)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
