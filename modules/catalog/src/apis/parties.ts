import type { ApiParty } from "@roadbed/contracts/catalog/docs";

import type { Catalogue } from "../estate/catalogue.ts";
import type { Visibility } from "../estate/visibility.ts";

/** Who provides and who consumes an API, as the graph knows it; only those whom the caller may see. */
export function partiesOf(
  { estate }: Pick<Catalogue, "estate">,
  visible: Visibility,
  ref: string,
): { readonly providers: ApiParty[]; readonly consumers: ApiParty[] } {
  const id = estate.idOf(ref);
  const all = id === undefined ? [] : estate.neighbours(id).filter((other) => visible.sees(other.id));
  const those = (type: string): ApiParty[] =>
    all
      .filter((other) => other.type === type)
      .map((other) => {
        const item = estate.at(other.id);
        return {
          ref: other.ref,
          found: item !== undefined,
          ...(item?.title === undefined ? {} : { title: item.title }),
          ...(item?.owner === undefined ? {} : { owner: item.owner }),
        };
      });
  return { providers: those("apiProvidedBy"), consumers: those("apiConsumedBy") };
}
