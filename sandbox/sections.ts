/** Sections whose functions the API calls. */
export const callableSections = ['installer', 'uninstaller', 'settings', 'utilities'] as const;
export type CallableSection = (typeof callableSections)[number];

/** All sections of a connector: its exports that hold functions. */
export const sections = [...callableSections, 'hooks', 'wrappers'] as const;
export type SectionName = (typeof sections)[number];
