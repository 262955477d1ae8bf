import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** Where kinds are found. */
export function Trail(): ReactNode {
  return (
    <>
      <Link to="/settings">Settings</Link> /{" "}
      <Link to="/settings" search={{ tab: "kinds" }}>
        Kinds
      </Link>
    </>
  );
}
