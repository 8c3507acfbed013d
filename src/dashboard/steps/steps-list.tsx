import { useEffect, useRef, useState } from 'preact/hooks';
import type { Integration, Run, Step } from '../api/types.ts';
import { useSignInReturn } from '../app/sign-in-return.ts';
import { StepItem } from './step-item.tsx';
import type { Call } from './use-call.ts';

interface StepsListProps {
  readonly integration: Integration;
  readonly steps: readonly Step[];
  readonly section: 'installer' | 'uninstaller';
  readonly call: Call;
  readonly runs: readonly Run[] | undefined;
}

/** The steps in order. The first incomplete one is open; the user can open any other. */
export function StepsList({ integration, steps, section, call, runs }: StepsListProps) {
  const current = steps.findIndex(({ completed }) => !completed);
  const { connectionId } = useSignInReturn();
  const [chosen, setChosen] = useState<number | undefined>(() => {
    const index = steps.findIndex(({ _connectionId }) => connectionId !== undefined && _connectionId === connectionId);
    return index === -1 ? undefined : index;
  });
  const open = chosen ?? current;
  const list = useRef<HTMLOListElement>(null);
  const before = useRef(current);
  // When a step completes, open and focus the next.
  useEffect(() => {
    if (before.current === current) return;
    before.current = current;
    setChosen(undefined);
    list.current?.querySelectorAll<HTMLElement>('.step-toggle')[current]?.focus();
  }, [current]);
  return (
    <ol class="steps" ref={list}>
      {steps.map((step, index) => (
        <StepItem
          key={index}
          number={index + 1}
          integration={integration}
          step={step}
          section={section}
          isOpen={index === open}
          isCurrent={index === current}
          onToggle={() => setChosen(index === open ? -1 : index)}
          call={call}
          runs={runs}
        />
      ))}
    </ol>
  );
}
