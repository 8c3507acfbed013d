/** The API's description as JSON and as a page. */
import type { Operation } from '../operation.ts';

export interface DescriptionTexts {
  readonly json: string;
  readonly page: string;
  /** The page's Content-Security-Policy. */
  readonly policy: string;
}

/** Made, and what makes it loaded, at the first request: by then it is known where the server is reached. */
export class Description {
  readonly #version: string;
  readonly #publicUrl: () => string;
  readonly #operations: readonly Operation[];
  #made: (DescriptionTexts & { readonly url: string }) | undefined;

  /** @param version of the product */
  constructor(version: string, publicUrl: () => string, operations: readonly Operation[]) {
    this.#version = version;
    this.#publicUrl = publicUrl;
    this.#operations = operations;
  }

  async texts(): Promise<DescriptionTexts> {
    const url = `${this.#publicUrl()}/v1`;
    if (this.#made?.url === url) return this.#made;
    const { describeApi } = await import('./document.ts');
    const { describePage, PAGE_POLICY } = await import('./page.ts');
    const description = describeApi(this.#operations, this.#version, url);
    this.#made = { url, json: JSON.stringify(description), page: describePage(description), policy: PAGE_POLICY };
    return this.#made;
  }
}
