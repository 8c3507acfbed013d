import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { errorsOf } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import {
  afterSave,
  buildSave,
  type Drafts,
  orphanedDrafts,
  savableChanges,
  validateDrafts,
  withoutKeys,
} from './drafts.ts';
import { FormProvider } from './form-context.ts';
import { hasContent } from './form-tree.ts';
import { PanelView } from './panel-view.tsx';
import { type FieldPatches, readForm } from './read-form.ts';
import { SaveBar } from './save-bar.tsx';
import { StoreChooser } from './store-chooser.tsx';
import { mergePatches, useFormState } from './use-form-state.ts';
import { type OnRefresh, useRefresh } from './use-refresh.ts';
import './form.css';

interface Props {
  /** The integration's settings; may change while the form is open. */
  readonly settings: JsonObject;
  /** Called with the changed values by field, or by store and field. @throws ApiError */
  onSave(pending: JsonObject): Promise<void>;
  readonly onRefresh: OnRefresh;
  /** Called when the form becomes dirty or clean. */
  onDirty(isDirty: boolean): void;
  /** Disables editing and saving. */
  readonly isLocked?: boolean;
}

const NO_PATCHES: FieldPatches = new Map();

/** The settings form of an integration. */
export function SettingsForm({ settings, onSave, onRefresh, onDirty, isLocked = false }: Props) {
  const { patches: refreshedPatches, refresh } = useRefresh(settings, () => readForm(settings), onRefresh);
  const [savedPatches, setSavedPatches] = useState<FieldPatches>(NO_PATCHES);
  const patches = useMemo(() => mergePatches(refreshedPatches, savedPatches), [refreshedPatches, savedPatches]);
  const readWith = useCallback((more: FieldPatches) => readForm(settings, more), [settings]);
  const state = useFormState(readWith, patches);
  const { form, drafts, states, storedStates, otherErrors } = state;
  const [isSaving, setSaving] = useState(false);
  const [notice, setNotice] = useState('');
  const [discarded, setDiscarded] = useState<Drafts>();
  const latest = useRef(settings);
  latest.current = settings;

  // Show saved values until the settings are reloaded.
  useLayoutEffect(() => setSavedPatches(NO_PATCHES), [settings]);

  const changed = savableChanges(form, drafts, states);
  const orphans = orphanedDrafts(form, drafts);
  const isDirty = changed.length > 0 || orphans.length > 0;
  useBeforeUnload(isDirty);
  useLayoutEffect(() => {
    onDirty(isDirty);
    if (isDirty) setNotice('');
    return () => {
      if (isDirty) onDirty(false);
    };
  }, [isDirty]);

  const save = async (): Promise<void> => {
    if (isSaving || isLocked || changed.length === 0) return;
    const problems = validateDrafts(form, drafts, states, storedStates);
    state.showErrors(problems);
    if (problems.size > 0) return;
    const { pending, sent } = buildSave(form, changed);
    setSaving(true);
    try {
      await onSave(pending);
      state.setDrafts((before) => afterSave(before, sent));
      if (latest.current === settings) setSavedPatches(asPatches(sent));
      setDiscarded(undefined);
      setNotice('Saved');
    } catch (error) {
      state.showServerErrors(errorsOf(error));
    } finally {
      setSaving(false);
    }
  };
  const discard = (): void => {
    setDiscarded(drafts);
    state.setDrafts((before) => withoutKeys(before, before.keys()));
    state.reset();
    setNotice(drafts.size === 1 ? 'Change discarded' : 'Changes discarded');
  };
  const undo = (): void => {
    if (discarded) state.setDrafts(() => discarded);
    setDiscarded(undefined);
    state.reset();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key === 's') {
      event.preventDefault();
      void save();
    }
  };

  const context = state.context({ isLocked, refresh });
  const store = form.stores?.find(({ id }) => id === state.storeId);
  const isShown = hasContent(form.shared) || form.stores?.some(({ panel }) => hasContent(panel));
  return (
    <FormProvider value={context}>
      <form
        class="form"
        noValidate
        onKeyDown={onKeyDown}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {store && (
          <>
            {hasContent(form.shared) && (
              <section class="form-shared" aria-label="General">
                <div>
                  <h2>General</h2>
                  <p class="hint">Applies to every {form.storeLabel}.</p>
                </div>
                <PanelView panel={form.shared} depth={1} />
              </section>
            )}
            <StoreChooser form={form} storeId={store.id} onChoose={state.setStoreId} />
            <PanelView key={store.panel.id} panel={store.panel} label={store.title} />
          </>
        )}
        {!store && <PanelView panel={form.shared} />}
        {!isShown && <p class="muted">This connector has no settings.</p>}
        <SaveBar
          count={changed.length}
          problems={context.errors.size}
          orphanLabels={orphans.map(([, draft]) => draft.field.label)}
          otherErrors={otherErrors}
          notice={notice}
          isSaving={isSaving}
          isLocked={isLocked}
          onUndo={discarded && undo}
          onDiscard={discard}
        />
      </form>
    </FormProvider>
  );
}

const asPatches = (sent: ReadonlyMap<string, Json>): FieldPatches =>
  new Map([...sent].map(([key, value]) => [key, { value }]));

function useBeforeUnload(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isDirty]);
}
