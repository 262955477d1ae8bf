import { getDocs, getEntity, listEntities, type EntityRow } from "@roadbed/contracts/catalog";
import { NotFoundError, perform, type Call, type Handler, type InputOf, type Operation, type OutputOf, type Runtime } from "@roadbed/core";

const ENTITY = "roadbed://entity/";
const DOCS = "roadbed://docs/";

export interface Resources {
  readonly templates: {
    readonly uriTemplate: string;
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly mimeType: string;
  }[];
  list(
    call: Call,
    cursor: string | undefined,
  ): Promise<{ resources: { uri: string; name: string; title?: string; description?: string; mimeType: string }[]; nextCursor?: string }>;
  /** Throws `NotFoundError` for an address that names nothing. */
  read(call: Call, uri: string): Promise<{ uri: string; mimeType: string; text: string }>;
}

/** What an agent may read by address: every entity as JSON and its documentation as Markdown, through the same operations. */
export function createResources(runtime: Runtime, handlers: readonly Handler[]): Resources {
  const ask = async <O extends Operation>(operation: O, call: Call, input: InputOf<O>): Promise<OutputOf<O>> => {
    const handler = handlers.find((each) => each.operation.name === operation.name);
    if (!handler) throw new NotFoundError("operation", operation.name);
    return (await perform(runtime, handler, call, input)) as OutputOf<O>;
  };

  return {
    templates: [
      {
        uriTemplate: `${ENTITY}{+ref}`,
        name: "entity",
        title: "Entity",
        description: "One entity of the catalogue, e.g. roadbed://entity/component:default/orders",
        mimeType: "application/json",
      },
      {
        uriTemplate: `${DOCS}{+ref}`,
        name: "docs",
        title: "Documentation",
        description: "The first page of an entity's documentation, as Markdown",
        mimeType: "text/markdown",
      },
    ],
    async list(call, cursor) {
      const { items, nextCursor } = await ask(listEntities, call, { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
      return { resources: items.map(toResource), ...(nextCursor === undefined ? {} : { nextCursor }) };
    },
    async read(call, uri) {
      if (uri.startsWith(ENTITY)) {
        return { uri, mimeType: "application/json", text: JSON.stringify(await ask(getEntity, call, { ref: refOf(uri, ENTITY) })) };
      }
      if (uri.startsWith(DOCS))
        return { uri, mimeType: "text/markdown", text: (await ask(getDocs, call, { ref: refOf(uri, DOCS) })).page.markdown };
      throw new NotFoundError("resource", uri);
    },
  };
}

function toResource({ ref, name, title, description }: EntityRow): {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType: string;
} {
  return {
    uri: ENTITY + ref,
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    mimeType: "application/json",
  };
}

function refOf(uri: string, prefix: string): string {
  try {
    return decodeURIComponent(uri.slice(prefix.length));
  } catch {
    return uri.slice(prefix.length);
  }
}
