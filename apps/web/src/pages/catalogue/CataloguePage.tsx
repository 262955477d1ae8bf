import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";

import { facetEntities, listEntities } from "@roadbed/contracts/catalog";
import { useOperation, usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { DataTable } from "../../table/DataTable.tsx";
import { LoadMore } from "../../table/LoadMore.tsx";
import { TableTools } from "../../table/TableTools.tsx";
import { AsOf, AsOfBanner, AsOfProvider } from "../../ui/AsOf.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { useOnCall } from "../../ui/use-on-call.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page } from "../../ui/Page.tsx";
import { CatalogueEmpty } from "./CatalogueEmpty.tsx";
import { Facets } from "./Facets.tsx";
import classes from "./catalogue.module.css";
import { onCallColumn, useColumns } from "./columns.tsx";
import { FACETS, filterOf, type CatalogueSearch } from "./filter.ts";
import { useKindColumns } from "./kind-columns.tsx";
import { matchesText } from "./match.ts";
import { SavedViews } from "./SavedViews.tsx";
import { TextFilter } from "./TextFilter.tsx";

const route = getRouteApi("/app/catalog");
const PAGE_SIZE = 200;
const LIVE: readonly string[] = ["health", "rate", "onCall"];
const DEFAULT_COLUMNS = ["name", "kind", "type", "owner", "system", "lifecycle", "health"] as const;

/** Everything in the catalogue as one table; the URL holds what is chosen. */
export function CataloguePage(): ReactNode {
  const search = route.useSearch() as CatalogueSearch;
  const navigate = route.useNavigate();
  const change = (patch: Partial<CatalogueSearch>): void => void navigate({ search: (old) => ({ ...old, ...patch }), replace: true });

  const filter = filterOf(search);
  const { asOf } = search;
  const asked = {
    ...(filter !== undefined && { filter }),
    ...(asOf !== undefined && { asOf }),
    ...(search.q !== undefined && { text: search.q }),
  };
  const own = useKindColumns(search.kind);
  const fields = own.map(({ id }) => id);
  const list = usePages(listEntities, { ...asked, sort: sortOf(search.sort), limit: PAGE_SIZE, ...(fields.length > 0 && { fields }) });
  const facets = useOperation(facetEntities, { ...asked, facets: FACETS.map(({ field }) => field) }, { keep: true });

  const common = useColumns();
  const chosen = search.columns ?? (own.length > 0 ? ["name", ...fields, "owner"] : DEFAULT_COLUMNS);
  const refs = useMemo(() => list.rows.map(({ ref }) => ref), [list.rows]);
  const onCall = useOnCall(refs, chosen.includes("onCall") && asOf === undefined);
  const columns = useMemo(() => [...common.slice(0, 1), ...own, ...common.slice(1), onCallColumn(onCall)], [common, own, onCall]);
  // Health and rates are of now only.
  const shown = columns.filter(({ id }) => chosen.includes(id) && (asOf === undefined || !LIVE.includes(id)));
  // Typing never waits: what is loaded already is narrowed at once, the server's answer replaces it.
  const rows = useMemo(
    () => (list.stale ? list.rows.filter((row) => matchesText(row, search.q ?? "")) : list.rows),
    [list.rows, list.stale, search.q],
  );
  const total = list.total ?? (list.more === undefined ? rows.length : undefined);

  return (
    <Page
      title="Catalogue"
      state={
        list.pending
          ? "Reading…"
          : total === undefined
            ? `More than ${formatCount(rows.length, "entity", "entities")}`
            : formatCount(total, "entity", "entities")
      }
      act={
        <>
          <AsOf value={asOf} onChange={(instant) => change({ asOf: instant })} />
          <Button component={Link} to="/sources" variant="default">
            Bring yours
          </Button>
          <Button component={Link} to="/create">
            Create
          </Button>
        </>
      }
    >
      <AsOfBanner value={asOf} onNow={() => change({ asOf: undefined })} act={<DiffLink since={asOf} filter={filter} />} />
      <div className={classes.tools}>
        <TextFilter value={search.q ?? ""} onChange={(q) => change({ q: q === "" ? undefined : q })} />
        <SavedViews search={search} onOpen={(saved) => void navigate({ search: saved })} />
        <TableTools
          columns={columns}
          chosen={chosen}
          onChoose={(ids) => change({ columns: ids })}
          density={search.density ?? "cosy"}
          onDensity={(density) => change({ density: density === "cosy" ? undefined : density })}
          rows={rows}
          fileName="roadbed-catalogue"
        />
      </div>
      <div className={classes.layout}>
        <Facets facets={facets.data?.facets} search={search} onChange={change} />
        <div className={classes.table}>
          {list.error !== null && rows.length === 0 ? (
            <ErrorState error={list.error} retry={list.retry} />
          ) : (
            <AsOfProvider value={asOf}>
              <DataTable
                label="Entities"
                columns={shown}
                rows={rows}
                rowKey={({ ref }) => ref}
                loading={list.pending}
                stale={list.stale && filter !== undefined}
                density={search.density ?? "cosy"}
                sort={search.sort ?? "name"}
                onSort={(sort) => change({ sort: sort === "name" ? undefined : sort })}
                empty={
                  asOf !== undefined && filter === undefined && search.q === undefined ? (
                    <EmptyState title="The catalogue was empty then">Nothing had been read yet. Choose a later moment.</EmptyState>
                  ) : (
                    <CatalogueEmpty
                      filtered={filter !== undefined || search.q !== undefined}
                      onClear={() => void navigate({ search: {} })}
                    />
                  )
                }
                footer={<LoadMore shown={rows.length} total={list.total} more={list.more} loading={list.loadingMore} />}
              />
            </AsOfProvider>
          )}
        </div>
      </div>
    </Page>
  );
}

function DiffLink({ since, filter }: { readonly since: string | undefined; readonly filter: string | undefined }): ReactNode {
  if (since === undefined) return null;
  return (
    <Link to="/changes" search={{ tab: "difference", from: since, ...(filter !== undefined && { filter }) }}>
      What changed since
    </Link>
  );
}

const SORTS = [
  "name",
  "-name",
  "kind",
  "-kind",
  "owner",
  "-owner",
  "type",
  "-type",
  "system",
  "-system",
  "lifecycle",
  "-lifecycle",
] as const;

function sortOf(wanted: string | undefined): string {
  if (wanted !== undefined && /^-?derived\.[A-Za-z_][\w-]*$/.test(wanted)) return wanted;
  return SORTS.find((sort) => sort === wanted) ?? "name";
}
