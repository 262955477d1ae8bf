import type { ReceivedCdEvent } from "@roadbed/contracts/delivery/cdevents";
import type { Column } from "../../table/column.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { Tag } from "../../ui/Tag.tsx";
import { When } from "../../ui/When.tsx";

/** Of what others told. */
export const RECEIVED: readonly Column<ReceivedCdEvent>[] = [
  { id: "at", header: "When", width: "108px", value: ({ at }) => at, cell: ({ at }) => <When at={at} /> },
  {
    id: "type",
    header: "What",
    value: ({ type }) => type,
    cell: ({ type, known }) => (
      <span title={type}>
        {type.split(".").slice(2, 4).join(" ")} {!known && <Tag>means nothing here</Tag>}
      </span>
    ),
  },
  {
    id: "subject",
    header: "Of",
    value: ({ subject }) => subject,
    cell: ({ subject, entityRef }) => (entityRef === undefined ? subject : <EntityLink entityRef={entityRef} tab="deploys" />),
  },
  { id: "environment", header: "In", value: ({ environment }) => environment, cell: ({ environment }) => environment ?? "" },
  { id: "source", header: "Told by", value: ({ source }) => source, cell: ({ source }) => <code className="rb-mono">{source}</code> },
];
