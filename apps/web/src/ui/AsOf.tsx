import { Button, Popover, TextInput } from "@mantine/core";
import { Check, ChevronDown, History } from "lucide-react";
import { createContext, useContext, useState, type FormEvent, type ReactNode } from "react";

import { formatExact, formatMoment, toLocalInput } from "../format/time.ts";
import classes from "./as-of.module.css";
import range from "./time-range.module.css";

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
  const [opened, setOpened] = useState(false);
  const choose = (instant: string | undefined): void => {
    setOpened(false);
    onChange(instant);
  };
  const label = value === undefined ? "Now" : formatMoment(new Date(value));
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus width={244}>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<History size={14} aria-hidden />}
          rightSection={<ChevronDown size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
          aria-label={`As of: ${label}`}
          fw={500}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6}>
        <ul className={range.presets}>
          <li>
            <button type="button" className={range.preset} aria-pressed={value === undefined} onClick={() => choose(undefined)}>
              Now
              {value === undefined && <Check size={14} aria-hidden />}
            </button>
          </li>
          {PRESETS.map((preset) => (
            <li key={preset.label}>
              <button
                type="button"
                className={range.preset}
                aria-pressed={false}
                onClick={() => choose(new Date(Date.now() - preset.ms).toISOString())}
              >
                {preset.label}
              </button>
            </li>
          ))}
        </ul>
        <OwnMoment key={value} value={value} onChoose={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

function OwnMoment({ value, onChoose }: { readonly value: string | undefined; readonly onChoose: (instant: string) => void }): ReactNode {
  const [moment, setMoment] = useState(() => toLocalInput(value === undefined ? new Date() : new Date(value)));
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const at = new Date(moment);
    if (at.getTime() <= Date.now()) onChoose(at.toISOString());
    else setWrong(true);
  };
  return (
    <form className={range.own} onSubmit={submit}>
      <TextInput
        type="datetime-local"
        label="At this moment"
        size="xs"
        value={moment}
        onChange={(event) => setMoment(event.currentTarget.value)}
        error={wrong ? "Must be in the past" : undefined}
        required
        withAsterisk={false}
      />
      <Button type="submit" variant="default">
        Show it
      </Button>
    </form>
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
