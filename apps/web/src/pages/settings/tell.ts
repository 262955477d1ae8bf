import { notifications } from "@mantine/notifications";

const CLOSE = { closeButtonProps: { "aria-label": "Close" } };

/** Says in a corner that something is done. */
export function tellDone(message: string): void {
  notifications.show({ ...CLOSE, message });
}

/** Says in a corner that something was not done, and why; for `onError`. */
export function tellFault(title: string): (error: Error) => void {
  return (error) => void notifications.show({ ...CLOSE, color: "red", title, message: error.message });
}
