import { Link } from "@tanstack/react-router";
import { Bot, Hourglass, Snowflake } from "lucide-react";
import type { ReactNode } from "react";

import type { Environment } from "@roadbed/contracts/delivery/environments";
import { CardMap } from "../../ui/CardMap.tsx";
import { CARD, layOut } from "../../ui/map-layout.ts";
import { When } from "../../ui/When.tsx";
import classes from "./environments.module.css";
import { gateWords } from "./words.ts";

interface Props {
  readonly environments: readonly Environment[];
  readonly selected: string | undefined;
}

/** The order of promotion as a picture: releases go from left to right along the lines. */
export function EnvironmentMap({ environments, selected }: Props): ReactNode {
  const layout = layOut(environments);
  const byName = new Map(environments.map((one) => [one.name, one]));
  return (
    <CardMap layout={layout} selected={selected} label="The order of promotion">
      {layout.cards.map(({ name, x, y }) => (
        <Card
          key={name}
          environment={byName.get(name)!}
          selected={selected === name}
          style={{ left: x, top: y, width: CARD.width, height: CARD.height }}
        />
      ))}
    </CardMap>
  );
}

function Card({
  environment,
  selected,
  style,
}: {
  readonly environment: Environment;
  readonly selected: boolean;
  readonly style: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}): ReactNode {
  const { name, title, workloads, frozen, automatic, expiresAt } = environment;
  const gates = gateWords(environment);
  return (
    <Link
      to="/environments"
      search={(old: object) => ({ ...old, select: selected ? undefined : name })}
      replace
      resetScroll={false}
      className={classes.card}
      data-selected={selected}
      data-frozen={frozen !== undefined}
      aria-current={selected ? "true" : undefined}
      style={style}
    >
      <span className={classes.cardHead}>
        <b>{title}</b>
        {title.toLowerCase() !== name && <code>{name}</code>}
      </span>
      <span className={classes.cardText}>{gates.length === 0 ? "Releases begin here" : `Needs: ${gates.join(", ")}`}</span>
      <span className={classes.cardFoot}>
        <span>{workloads === 1 ? "1 workload" : `${workloads} workloads`}</span>
        {automatic && (
          <span title="Releases come by themselves when every gate lets them through">
            <Bot size={13} aria-hidden /> automatic
          </span>
        )}
        {frozen !== undefined && (
          <span className={classes.frozen} title={frozen.title}>
            <Snowflake size={13} aria-hidden /> frozen
          </span>
        )}
        {expiresAt !== undefined && (
          <span>
            <Hourglass size={13} aria-hidden /> ends <When at={expiresAt} />
          </span>
        )}
      </span>
    </Link>
  );
}
