import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode } from "react";

type Props = ButtonProps & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>;

function AnchorButton(props: Props): ReactNode {
  return <Button component="a" {...props} />;
}

/** A button that goes to a page of ours: a real link, typed by the routes. */
export const LinkButton = createLink(AnchorButton);
