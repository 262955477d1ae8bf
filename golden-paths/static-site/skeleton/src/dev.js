import { build } from "./build.js";
import { start } from "./server.js";

/** Builds and serves; `npm run dev` starts it again on each change. */
await build();
const { port } = await start();
console.log(`http://localhost:${port}`);
