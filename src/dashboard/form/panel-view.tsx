import { useState } from 'preact/hooks';
import { FieldRow } from './field-row.tsx';
import { type FormContext, useForm } from './form-context.ts';
import { fieldsIn, type Panel } from './form-tree.ts';
import { type Tab, Tabs } from './tabs.tsx';

/** A panel: its fields, then its groups, then its tabs. */
export function PanelView({ panel, depth = 0, label = 'Sections' }: { panel: Panel; depth?: number; label?: string }) {
  const { fields, groups } = panel;
  const hasOwnContent = fields.length > 0 || groups.length > 0;
  return (
    <>
      {hasOwnContent && (
        <div class="form-fields">
          {fields.map((field) => (
            <FieldRow key={field.id} field={field} />
          ))}
          {groups.map((group) => (
            <GroupView key={group.id} group={group} depth={depth} />
          ))}
        </div>
      )}
      <TabsView panel={panel} depth={depth} label={label} />
    </>
  );
}

function GroupView({ group, depth }: { group: Panel; depth: number }) {
  const form = useForm();
  if (form.states.panels.get(group.id) !== false || !hasVisibleFields(form, group)) return null;
  if (group.title === '') return <PanelView panel={group} depth={depth} />;
  return (
    <fieldset class="form-group">
      <legend>{group.title}</legend>
      {group.help !== '' && <p class="hint">{group.help}</p>}
      <PanelView panel={group} depth={depth} label={group.title} />
    </fieldset>
  );
}

function TabsView({ panel, depth, label }: { panel: Panel; depth: number; label: string }) {
  const form = useForm();
  // Visited tabs stay mounted but hidden, to keep typed text.
  const [visited, setVisited] = useState<ReadonlySet<string>>(new Set());
  const list = `${panel.id}-tabs`;
  const tabs = panel.tabs.filter((tab) => form.states.panels.get(tab.id) === false && hasVisibleFields(form, tab));
  const [first] = tabs;
  if (!first) return null;
  const openTabId = form.openTabs.get(list);
  const active = tabs.find(({ id }) => id === openTabId)?.id ?? first.id;
  if (!visited.has(active)) setVisited(new Set([...visited, active]));
  if (tabs.length === 1) {
    return (
      <section class="form-section" aria-label={first.title}>
        {depth === 0 && <h2>{first.title}</h2>}
        {depth > 0 && <h3>{first.title}</h3>}
        {first.help !== '' && <p class="hint">{first.help}</p>}
        <PanelView panel={first} depth={depth + 1} label={first.title} />
      </section>
    );
  }
  return (
    <div class="form-section">
      <Tabs
        prefix={form.prefix}
        label={label}
        tabs={tabs.map((tab) => tabOf(form, tab))}
        active={active}
        isInner={depth > 0}
        onOpen={(id) => form.openTab(list, id)}
      />
      {tabs
        .filter(({ id }) => id === active || visited.has(id))
        .map((tab) => (
          <div
            key={tab.id}
            id={`${form.prefix}${tab.id}-panel`}
            class="form-panel"
            role="tabpanel"
            aria-labelledby={form.prefix + tab.id}
            hidden={tab.id !== active}
          >
            {tab.help !== '' && <p class="hint">{tab.help}</p>}
            <PanelView panel={tab} depth={depth + 1} label={tab.title} />
          </div>
        ))}
    </div>
  );
}

const hasVisibleFields = ({ states }: FormContext, panel: Panel): boolean =>
  fieldsIn(panel).some(({ id }) => states.fields.get(id)?.isHidden === false);

function tabOf({ states, drafts, errors }: FormContext, panel: Panel): Tab {
  const fields = fieldsIn(panel).filter(({ id }) => states.fields.get(id)?.isHidden === false);
  return {
    id: panel.id,
    title: panel.title,
    changes: fields.filter(({ valueKey }) => drafts.has(valueKey)).length,
    problems: fields.filter(({ id }) => errors.has(id)).length,
  };
}
