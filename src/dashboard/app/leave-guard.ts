/** Lets a form report unsaved changes, so that leaving its page asks first. */
import { createContext } from 'preact';
import { useContext, useEffect } from 'preact/hooks';
import type { LeaveGuard } from './route.ts';

export const LeaveGuardContext = createContext<LeaveGuard>({ isDirty: false });

/** @returns a setter that the form calls when it becomes dirty or clean */
export function useLeaveGuard(): (isDirty: boolean) => void {
  const guard = useContext(LeaveGuardContext);
  useEffect(
    () => () => {
      guard.isDirty = false;
    },
    [guard],
  );
  return (isDirty) => {
    guard.isDirty = isDirty;
  };
}
