import { z } from "zod";

/** A path inside a repository. */
export const Folder = z
  .string()
  .regex(/^[^/\\\0][^\\\0]*$/, "must be a path inside the repository")
  .refine((path) => !path.split("/").includes(".."), "must not lead out of the repository");
