import { useEffect, useRef, useState } from "react";

/** A text that stands at once and is told `afterMs` after one stops typing; what comes from outside takes its place. */
export function useLateText(value: string, onChange: (text: string) => void, afterMs: number): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      told.current = text;
      onChange(text);
    }, afterMs);
    return () => clearTimeout(timer);
  }, [text, onChange, afterMs]);
  return [text, setText];
}
