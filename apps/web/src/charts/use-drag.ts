import { useRef, useState, type MouseEvent, type PointerEvent } from "react";

/** A part of the time axis that is being dragged over, in ms. */
export interface Dragged {
  readonly from: number;
  readonly to: number;
}

interface Handlers {
  readonly onPointerDown: (event: PointerEvent<SVGSVGElement>) => void;
  readonly onPointerUp: (event: PointerEvent<SVGSVGElement>) => void;
  /** The end of a drag is no click. */
  readonly onClickCapture: (event: MouseEvent<SVGSVGElement>) => void;
}

/** Shorter than this, in px, is a click and not a choice. */
const MIN_PX = 6;

/** Choosing a part of a chart's time with the mouse. Fingers scroll the page, so they choose nothing. */
export function useDrag(
  timeAt: (x: number) => number,
  pointer: number | undefined,
  onWindow: ((from: Date, to: Date) => void) | undefined,
): { readonly dragged: Dragged | undefined; readonly handlers: Handlers | undefined } {
  const [start, setStart] = useState<{ readonly x: number; readonly at: number } | undefined>();
  const chose = useRef(false);
  if (onWindow === undefined) return { dragged: undefined, handlers: undefined };
  const dragged =
    start === undefined || pointer === undefined ? undefined : { from: Math.min(start.at, pointer), to: Math.max(start.at, pointer) };
  return {
    dragged,
    handlers: {
      onPointerDown: ({ nativeEvent, button, pointerType }) => {
        if (pointerType === "mouse" && button === 0) setStart({ x: nativeEvent.offsetX, at: timeAt(nativeEvent.offsetX) });
      },
      onPointerUp: ({ nativeEvent }) => {
        setStart(undefined);
        chose.current = false;
        if (start === undefined || Math.abs(nativeEvent.offsetX - start.x) < MIN_PX) return;
        chose.current = true;
        const end = timeAt(nativeEvent.offsetX);
        onWindow(new Date(Math.min(start.at, end)), new Date(Math.max(start.at, end)));
      },
      onClickCapture: (event) => {
        if (chose.current) event.stopPropagation();
        chose.current = false;
      },
    },
  };
}
