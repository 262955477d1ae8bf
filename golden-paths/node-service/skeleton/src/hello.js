const LONGEST_NAME = 100;

/** Greets. Throws an error with `status` 400 for a name that is too long. */
export function hello(name) {
  const wanted = (name ?? "").trim() || "world";
  if (wanted.length > LONGEST_NAME) throw Object.assign(new Error(`a name has at most ${LONGEST_NAME} characters`), { status: 400 });
  return { message: `Hello, ${wanted}!` };
}
