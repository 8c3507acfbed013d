import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** While something goes on that must not be left alone. */
  readonly isLocked?: boolean;
  readonly children: ComponentChildren;
}

/** A modal dialog of the browser's own: it keeps the focus in and gives it back. */
export function Dialog({ title, onClose, isLocked = false, children }: DialogProps) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const previousFocus = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (previousFocus instanceof HTMLElement && previousFocus.isConnected) previousFocus.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!isLocked) onClose();
      }}
    >
      <div class="dialog-body stack">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
