import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";

import { SkeletonRows } from "../ui/Loaded.tsx";
import { leastWidth, nextSort, sortRows, type Column, type Density, type Sort } from "./column.ts";
import classes from "./table.module.css";

interface Props<R> {
  /** Names the table for those who hear it. */
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string;
  readonly loading?: boolean;
  /** Dimmed while another question's answer is shown. */
  readonly stale?: boolean;
  readonly density?: Density;
  readonly sort?: Sort | undefined;
  /** Given: the caller sorts. Absent: the table sorts what it has. */
  readonly onSort?: (sort: Sort) => void;
  /** Shown instead of the rows when there are none. */
  readonly empty?: ReactNode;
  readonly footer?: ReactNode;
  /** The row that is shown in detail beside the table. */
  readonly selected?: string | undefined;
}

/** More rows than this are drawn only where one looks. */
const VIRTUAL_FROM = 200;
const HEIGHTS: Readonly<Record<Density, number>> = { compact: 30, cosy: 38 };

/** A real table: sortable headers, sticky head, arrow keys between rows, and virtual rows beyond 200. */
export function DataTable<R>(props: Props<R>): ReactNode {
  const { label, columns, rows, rowKey, loading = false, density = "cosy", onSort, empty, footer } = props;
  const [ownSort, setOwnSort] = useState<Sort | undefined>(props.sort);
  const sort = onSort === undefined ? ownSort : props.sort;
  const shown = useMemo(() => (onSort === undefined ? sortRows(rows, columns, sort) : rows), [rows, columns, sort, onSort]);
  if (loading) return <SkeletonRows rows={8} height={HEIGHTS[density]} />;
  if (rows.length === 0 && empty !== undefined) return empty;
  const body = { ...props, rows: shown, rowKey, height: HEIGHTS[density] };
  return (
    <Frame label={label} density={density} stale={props.stale}>
      <table
        className={classes.table}
        style={{ "--rb-table-least": `${leastWidth(columns)}px` } as CSSProperties}
        aria-label={label}
        aria-rowcount={shown.length + 1}
      >
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} style={width === undefined ? undefined : { width }} />
          ))}
        </colgroup>
        <Head columns={columns} sort={sort} onSort={onSort ?? setOwnSort} />
        {shown.length > VIRTUAL_FROM ? <VirtualBody {...body} /> : <Body {...body} />}
      </table>
      {footer !== undefined && <div className={classes.footer}>{footer}</div>}
    </Frame>
  );
}

/** Where the table is wider than the page and nothing in it takes the focus, the frame does: the arrow keys scroll it then. */
function Frame(props: { label: string; density: Density; stale: boolean | undefined; children: ReactNode }): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const one = frame.current;
    if (one === null) return undefined;
    const look = (): void => setScrolls(one.scrollWidth > one.clientWidth && one.querySelector("a[href], button, input, select") === null);
    const watch = new ResizeObserver(look);
    watch.observe(one);
    return () => watch.disconnect();
  }, []);
  const reachable = scrolls ? { tabIndex: 0, role: "group", "aria-label": props.label } : {};
  return (
    <div ref={frame} className={classes.frame} data-density={props.density} data-stale={props.stale} {...reachable}>
      {props.children}
    </div>
  );
}

function Head<R>({
  columns,
  sort,
  onSort,
}: {
  columns: readonly Column<R>[];
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
}): ReactNode {
  return (
    <thead className={classes.head}>
      <tr>
        {columns.map(({ id, header, align, value, sortable, hint }) => {
          const canSort = sortable ?? value !== undefined;
          const direction = sort === id ? "ascending" : sort === `-${id}` ? "descending" : undefined;
          return (
            <th key={id} scope="col" data-align={align} aria-sort={direction} title={hint}>
              {canSort ? (
                <button type="button" className={classes.sortButton} onClick={() => onSort(nextSort(id, sort))}>
                  {header}
                  {direction === "ascending" && <ArrowUp size={12} aria-hidden />}
                  {direction === "descending" && <ArrowDown size={12} aria-hidden />}
                </button>
              ) : (
                header
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

type BodyProps<R> = Pick<Props<R>, "columns" | "rows" | "rowKey" | "selected"> & { readonly height: number };

function Body<R>({ columns, rows, rowKey, selected }: BodyProps<R>): ReactNode {
  return (
    <tbody onKeyDown={moveByArrows}>
      {rows.map((row, index) => (
        <Row key={rowKey(row)} row={row} columns={columns} index={index} selected={selected === rowKey(row)} />
      ))}
    </tbody>
  );
}

function VirtualBody<R>({ columns, rows, rowKey, height, selected }: BodyProps<R>): ReactNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), [rows.length]);
  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => height, overscan: 12, scrollMargin: offset });
  const items = virtual.getVirtualItems();
  const before = (items[0]?.start ?? offset) - offset;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset);
  return (
    <tbody ref={body} onKeyDown={moveByArrows}>
      {before > 0 && <tr aria-hidden style={{ height: before }} />}
      {items.map(({ index }) => {
        const row = rows[index];
        return row === undefined ? null : (
          <Row key={rowKey(row)} row={row} columns={columns} index={index} selected={selected === rowKey(row)} />
        );
      })}
      {after > 0 && <tr aria-hidden style={{ height: after }} />}
    </tbody>
  );
}

function Row<R>({ row, columns, index, selected }: { row: R; columns: readonly Column<R>[]; index: number; selected: boolean }): ReactNode {
  return (
    <tr aria-rowindex={index + 2} aria-selected={selected || undefined} data-selected={selected || undefined}>
      {columns.map(({ id, cell, align }) => (
        <td key={id} data-align={align}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

/** Up and down go to the same link or button one row further. */
function moveByArrows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const target = event.target as HTMLElement;
  if (target.closest("input, textarea, select, [role=listbox]") !== null) return;
  const row = target.closest("tr");
  const cell = target.closest("td");
  const sibling = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const next =
    sibling?.children[cell?.cellIndex ?? 0]?.querySelector<HTMLElement>("a, button") ?? sibling?.querySelector<HTMLElement>("a, button");
  if (next === undefined || next === null) return;
  event.preventDefault();
  next.focus();
}
