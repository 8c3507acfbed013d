/** The page of the example application: both registries side by side. It reloads itself every two seconds. */
import { type Entry, nameOf, type PackageRegistry } from './package-registry.ts';

const SHOWN_MAX = 100;

const escaped = (value: unknown): string =>
  String(value ?? '').replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const row = (entry: Entry): string =>
  `<tr><td>${escaped(nameOf(entry))}</td><td>${escaped(entry.version)}</td><td>${escaped(entry.description)}</td></tr>`;

function side(title: string, registry: PackageRegistry): string {
  const releases = registry.all('releases');
  const tags = registry.all('tags');
  return `<section><h2>${title}</h2><p>${releases.length} releases, ${tags.length} tags</p>
<table>${releases.toReversed().slice(0, SHOWN_MAX).map(row).join('\n')}</table></section>`;
}

export const pageOf = (source: PackageRegistry, mirror: PackageRegistry): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Two package registries</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem }
td { padding: 0 1rem 0 0 }
</style>
</head>
<body>
<h1>Two package registries</h1>
<p>The example connector registry-mirror copies from the source to the mirror. User name and password are <code>demo</code>.</p>
<p><button type="button">Publish a release</button></p>
<main>
${side('Source', source)}
${side('Mirror', mirror)}
</main>
<script>
const refresh = async () => {
  const text = await (await fetch('/')).text();
  document.querySelector('main').innerHTML = new DOMParser().parseFromString(text, 'text/html').querySelector('main').innerHTML;
};
setInterval(refresh, 2000);
document.querySelector('button').addEventListener('click', async () => {
  await fetch('/publish', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  await refresh();
});
</script>
</body>
</html>
`;
