import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";

import { traceIdIn } from "./trace-id.ts";

/** Opens a trace by its id, as a log line or an error answer gives it. */
export function TraceIdBox(): ReactNode {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const navigate = useNavigate();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const traceId = traceIdIn(text);
        if (traceId !== undefined) void navigate({ to: "/traces/$traceId", params: { traceId } });
        else setWrong(text.trim() !== "");
      }}
    >
      <TextInput
        size="sm"
        aria-label="Open a trace by its id"
        placeholder="Trace id, then Enter"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWrong(false);
        }}
        error={wrong ? "An id has 32 hexadecimal digits" : undefined}
        w={{ base: "100%", xs: 190 }}
      />
    </form>
  );
}
