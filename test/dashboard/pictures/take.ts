/** Takes the documents' pictures of the dashboard, in light and dark. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { goTo } from '../../support/dashboard.ts';
import { fileOf, pictures, schemes } from './list.ts';
import { openScene } from './scene.ts';

const WIDTH = 1280;
const QUALITY = 88;
const TIMEOUT_MS = 30_000;

/** Writes all pictures into a folder. */
export async function takePictures(folder: string): Promise<void> {
  const scene = await openScene();
  const browser = await launchBrowser();
  try {
    for (const colorScheme of schemes) {
      const context = await browser.newContext({ locale: 'en-GB', colorScheme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      await page.goto(scene.address);
      for (const { name, path, shows, height } of pictures) {
        await page.setViewportSize({ width: WIDTH, height });
        await goTo(page, path(scene.ids));
        await page.getByRole('main').getByText(shows).first().waitFor();
        // The connector's icon, which the page has to fetch.
        await page.getByRole('main').locator('img').first().waitFor();
        await writeFile(join(folder, fileOf(name, colorScheme)), await webpOf(page));
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await scene.close();
  }
}

/** A third of the size of a PNG, which is all that `page.screenshot` offers beside JPEG. */
async function webpOf(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await session.detach();
  return Buffer.from(data, 'base64');
}
