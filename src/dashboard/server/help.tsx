/** Where to read on. The page itself loads nothing from other servers. */
export function Help() {
  return (
    <section class="card stack tight" aria-labelledby="help-title">
      <h2 id="help-title">Help</h2>
      <ul class="bullets">
        <li>
          {/* Relative, because a host may mount the page under any path. */}
          <a href="docs" target="_blank" rel="noreferrer">
            The API<span class="visually-hidden"> (opens a new tab)</span>
          </a>
          : every address, with its fields and errors.{' '}
          <a href="openapi.json" target="_blank" rel="noreferrer">
            The same as OpenAPI<span class="visually-hidden"> (opens a new tab)</span>
          </a>
          , for programs.
        </li>
        <li>
          The guides are in the folder <code>docs</code> of the installation: begin with <code>README.md</code>, and
          with <code>docs/troubleshooting.md</code> if something fails.
        </li>
        <li>
          <code>npx bulkhead doctor</code> says what is wrong with an installation.{' '}
          <code>npx bulkhead start --help</code> lists every limit with its present default.
        </li>
      </ul>
    </section>
  );
}
