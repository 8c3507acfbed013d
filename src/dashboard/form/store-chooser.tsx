import { useForm } from './form-context.ts';
import { type Form, fieldsIn, type Store } from './form-tree.ts';

/** Chooses whose settings are shown. Other stores keep their changes. */
export function StoreChooser({ form, storeId, onChoose }: { form: Form; storeId: string; onChoose(id: string): void }) {
  const { prefix, drafts, errors } = useForm();
  const stores = form.stores ?? [];
  const describe = (store: Store): string => {
    const fields = fieldsIn(store.panel);
    const problems = fields.filter(({ id }) => errors.has(id)).length;
    const changed = fields.some(({ valueKey }) => drafts.has(valueKey));
    return `${store.title}${problems > 0 ? ' (has a problem)' : changed ? ' (changed)' : ''}`;
  };
  const others = stores.filter(
    ({ id, panel }) => id !== storeId && fieldsIn(panel).some(({ valueKey }) => drafts.has(valueKey)),
  );
  return (
    <div class="field store-chooser">
      <label for={`${prefix}store`}>{form.storeLabel}</label>
      <select
        id={`${prefix}store`}
        value={String(stores.findIndex(({ id }) => id === storeId))}
        onChange={(event) => onChoose(stores[Number(event.currentTarget.value)]?.id ?? storeId)}
      >
        {stores.map((store, i) => (
          <option key={store.panel.id} value={String(i)}>
            {describe(store)}
          </option>
        ))}
      </select>
      {others.length > 0 && <p class="hint">Also changed: {others.map(({ title }) => title).join(', ')}</p>}
    </div>
  );
}
