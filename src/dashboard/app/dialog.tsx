import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** True while a running action must not be abandoned. */
  readonly isLocked?: boolean;
  readonly children: ComponentChildren;
}

/** A native modal dialog. It traps the focus and restores it on close. */
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
      // What opened it may be gone, now or with the next render: keyboard users go on in the page, not at its top.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.getElementById('main')?.focus();
      });
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
