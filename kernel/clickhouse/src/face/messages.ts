/** What the server process says to the child. */
export type ToFace =
  | {
      readonly type: "start";
      readonly dataDir: string;
      readonly spoolDir: string;
      readonly configFile: string;
      readonly key: string;
      /** 0 = any free one. */
      readonly port: number;
    }
  | { readonly type: "beat" }
  | { readonly type: "stop" };

/** What the child says to the server process. */
export type FromFace =
  | { readonly type: "alive" }
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "beat" };
