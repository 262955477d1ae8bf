import { Clock } from "lucide-react";
import { useState, type ReactNode } from "react";

import { formatMoment, toLocalInput } from "../format/time.ts";
import { fixedRange, RANGES, windowOf } from "../url-state.ts";
import { MomentInput, OwnChoice, PresetMenu } from "./PresetMenu.tsx";

interface Props {
  /** A word such as `1h`, or `from..to`; see `windowOf`. Absent: the last hour. */
  readonly value: string | undefined;
  readonly onChange: (range: string) => void;
}

/** The one control for the time that a page looks at: words for "until now", or two moments of one's own. */
export function TimeRange({ value, onChange }: Props): ReactNode {
  return (
    <PresetMenu<string>
      icon={Clock}
      name="Time range"
      label={labelOf(value)}
      presets={RANGES.map((range) => ({ label: range.label, chosen: range.value === (value ?? "1h"), value: () => range.value }))}
      onChoose={onChange}
      width={268}
      position="bottom-start"
      own={(choose) => <OwnMoments key={value} value={value} onChoose={choose} />}
    />
  );
}

function OwnMoments({ value, onChoose }: { readonly value: string | undefined; readonly onChoose: (range: string) => void }): ReactNode {
  const start = windowOf(value, Date.now());
  const [from, setFrom] = useState(toLocalInput(new Date(start.from)));
  const [to, setTo] = useState(toLocalInput(new Date(start.to)));
  const [wrong, setWrong] = useState(false);
  const submit = (): void => {
    const [begin, end] = [new Date(from), new Date(to)];
    if (end > begin) onChoose(fixedRange(begin, end));
    else setWrong(true);
  };
  return (
    <OwnChoice act="Show this time" onSubmit={submit}>
      <MomentInput label="From" value={from} onChange={setFrom} />
      <MomentInput label="To" value={to} onChange={setTo} error={wrong ? "Must be after the begin" : undefined} />
    </OwnChoice>
  );
}

/** The range in words. */
function labelOf(value: string | undefined): string {
  const { from, to, live } = windowOf(value, Date.now());
  const preset = RANGES.find((range) => range.value === (value ?? "1h"));
  if (preset !== undefined) return preset.label;
  if (live) return RANGES.find((range) => range.value === "1h")?.label ?? "";
  const [begin, end] = [new Date(from), new Date(to)];
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  return begin.toDateString() === end.toDateString()
    ? `${formatMoment(begin)} to ${clock.format(end)}`
    : `${formatMoment(begin)} to ${formatMoment(end)}`;
}
