import { Button } from "@mantine/core";
import { History } from "lucide-react";
import { createContext, useContext, useState, type ReactNode } from "react";

import { formatExact, formatMoment, toLocalInput } from "../format/time.ts";
import classes from "./as-of.module.css";
import { MomentInput, OwnChoice, PresetMenu } from "./PresetMenu.tsx";

const PRESETS = [
  { label: "An hour ago", ms: 3_600_000 },
  { label: "A day ago", ms: 86_400_000 },
  { label: "A week ago", ms: 7 * 86_400_000 },
  { label: "30 days ago", ms: 30 * 86_400_000 },
] as const;

interface Props {
  /** ISO 8601; undefined for now. */
  readonly value: string | undefined;
  readonly onChange: (instant: string | undefined) => void;
}

/** The one control for the moment that a page shows: now, or any moment of the past. */
export function AsOf({ value, onChange }: Props): ReactNode {
  return (
    <PresetMenu<string | undefined>
      icon={History}
      name="As of"
      label={value === undefined ? "Now" : formatMoment(new Date(value))}
      presets={[
        { label: "Now", chosen: value === undefined, value: () => undefined },
        ...PRESETS.map(({ label, ms }) => ({ label, chosen: false, value: () => new Date(Date.now() - ms).toISOString() })),
      ]}
      onChoose={onChange}
      width={244}
      position="bottom-end"
      own={(choose) => <OwnMoment key={value} value={value} onChoose={choose} />}
    />
  );
}

function OwnMoment({ value, onChoose }: { readonly value: string | undefined; readonly onChoose: (instant: string) => void }): ReactNode {
  const [moment, setMoment] = useState(() => toLocalInput(value === undefined ? new Date() : new Date(value)));
  const [wrong, setWrong] = useState(false);
  const submit = (): void => {
    const at = new Date(moment);
    if (at.getTime() <= Date.now()) onChoose(at.toISOString());
    else setWrong(true);
  };
  return (
    <OwnChoice act="Show it" onSubmit={submit}>
      <MomentInput label="At this moment" value={moment} onChange={setMoment} error={wrong ? "Must be in the past" : undefined} />
    </OwnChoice>
  );
}

/** Stands above everything that is not of now. Says what is not from then. */
export function AsOfBanner({
  value,
  onNow,
  note,
  act,
}: {
  readonly value: string | undefined;
  readonly onNow: () => void;
  readonly note?: string;
  readonly act?: ReactNode;
}): ReactNode {
  if (value === undefined) return null;
  return (
    <div className={classes.banner} role="status">
      <History size={15} aria-hidden />
      <span className={classes.words}>
        You see the catalogue <b>as of {formatExact(new Date(value))}</b>. {note}
      </span>
      {act}
      <Button variant="default" size="xs" onClick={onNow}>
        Back to now
      </Button>
    </div>
  );
}

/** The moment that the page shows, for links to other entities: they lead to the same moment. */
const Moment = createContext<string | undefined>(undefined);
export const AsOfProvider = Moment.Provider;

export function useAsOf(): string | undefined {
  return useContext(Moment);
}
