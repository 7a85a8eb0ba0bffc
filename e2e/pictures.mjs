// Pictures of the page for the eye: `node e2e/pictures.mjs [FOLDER]` writes one for each size and colour scheme.
import { mkdir } from "node:fs/promises";

import { open } from "./harness.mjs";
import { until } from "./page.mjs";

const folder = process.argv[2] ?? "target/pictures";
await mkdir(folder, { recursive: true });
for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    const { page, faults, close } = await open({ context: { viewport: { width, height }, colorScheme } });
    await until(page, "it trains", ({ step }) => step > 200).catch((error) => console.error(error.message));
    const file = `${folder}/${width}x${height}-${colorScheme}.png`;
    await page.screenshot({ path: file });
    console.log(file, faults.join("; "));
    await close();
  }
}
