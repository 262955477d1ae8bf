/** `g` and then a letter goes there. */
export const GO: Readonly<Record<string, { readonly to: string; readonly label: string }>> = {
  h: { to: "/", label: "Home" },
  c: { to: "/catalog", label: "Catalogue" },
  g: { to: "/graph", label: "Graph" },
  a: { to: "/changes", label: "Changes" },
  d: { to: "/delivery", label: "Delivery" },
  o: { to: "/observe", label: "Services" },
  t: { to: "/traces", label: "Traces" },
  l: { to: "/logs", label: "Logs" },
  i: { to: "/incidents", label: "Incidents" },
  p: { to: "/standards", label: "Policies" },
  r: { to: "/runs", label: "Runs" },
  s: { to: "/settings", label: "Settings" },
};
