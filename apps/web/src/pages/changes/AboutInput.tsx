import { TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { EntityRef } from "@roadbed/contracts/catalog";
import classes from "./changes.module.css";

/** References by commas; asked for when it is left or sent. */
export function AboutInput({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (about: string | undefined) => void;
}): ReactNode {
  return <Input key={value} value={value} onChange={onChange} />;
}

function Input({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (about: string | undefined) => void;
}): ReactNode {
  const [text, setText] = useState(value ?? "");
  const [wrong, setWrong] = useState<string>();
  const send = (): void => {
    const refs = text
      .split(",")
      .map((ref) => ref.trim())
      .filter(Boolean);
    const bad = refs.find((ref) => !EntityRef.safeParse(ref).success);
    setWrong(bad === undefined ? undefined : `${bad}: must look like component:default/orders`);
    const next = refs.length === 0 ? undefined : refs.join(",");
    if (bad === undefined && next !== value) onChange(next);
  };
  return (
    <form
      className={classes.about}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextInput
        aria-label="About these entities only"
        placeholder="About: component:default/orders"
        value={text}
        error={wrong}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={send}
      />
    </form>
  );
}
