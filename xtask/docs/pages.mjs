// Opens the reference of the API and the console of the emulator in a browser. Arguments: the browser, and the file of the reference.
// `cargo xtask witness pages` runs it; it prints a line for each check and leaves screenshots beside itself.

import assert from "node:assert/strict";
import { argv, env } from "node:process";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [browserPath, reference] = argv.slice(2);
const origin = new URL(env.SB_API_ENDPOINT).origin;
const token = env.SB_AUTH_TOKEN;
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 400, height: 800 } };

// Root may not use the sandbox of the browser. The pages are our own.
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

/** Opens a page and fails if it reports an error or asks another server for anything. */
async function open(url, options, work) {
  const page = await browser.newPage(options);
  const problems = [];
  const home = new URL(url);
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    const own = protocol === home.protocol && host === home.host;
    if (!own && !["data:", "blob:"].includes(protocol)) problems.push(`request to ${request.url()}`);
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  try {
    await page.goto(url);
    await work(page);
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
  }
}

async function check(name, work) {
  await work();
  console.log(`ok ${name}`);
}

/** Opens a page in light and dark, wide and narrow, and takes screenshots. */
async function looks(name, url, ready) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await check(`${name} in ${colorScheme}, ${size}`, () =>
        open(url, { colorScheme, viewport }, async (page) => {
          await ready(page);
          const [width, dark] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            getComputedStyle(document.body).backgroundColor,
          ]);
          assert(width <= viewport.width, `the page is ${width} pixels wide`);
          await page.screenshot({ path: `${name}-${colorScheme}-${size}.png` });
          assert(dark);
        }),
      );
    }
  }
}

const title = (page) => page.getByRole("heading", { level: 1, name: "Seven Bridges Platform API" }).waitFor();

await looks("reference", pathToFileURL(reference).href, title);

await check("reference finds an operation by its id", () =>
  open(pathToFileURL(reference).href, { viewport: SIZES.wide }, async (page) => {
    await title(page);
    await page.getByRole("button", { name: /search/i }).first().click();
    await page.getByRole("textbox").or(page.getByRole("combobox")).first().fill("upload_complete");
    await page.getByRole("option").filter({ hasText: "/upload/multipart/{upload_id}/complete" }).first().waitFor();
    await page.screenshot({ path: "search.png" });
  }),
);

await check("reference sends a request to the emulator and shows the response", () =>
  open(`${origin}/docs`, { viewport: SIZES.wide }, async (page) => {
    await title(page);
    await page.getByRole("button", { name: "users" }).or(page.getByRole("link", { name: "users" })).first().click();
    await page.getByRole("textbox", { name: /value/i }).first().fill(token);
    await page.getByRole("button", { name: /test request.*\/user\b/i }).first().click();
    const responded = page.waitForResponse((response) => new URL(response.url()).pathname === "/v2/user");
    await page.getByRole("button", { name: /send get request/i }).first().click();
    assert.equal((await responded).status(), 200);
    await page.getByText("rosalind.franklin@example.org").first().waitFor();
    await page.screenshot({ path: "try-it.png" });
  }),
);

const requests = (page) => page.locator("#projects tr").first().waitFor();
await looks("console", origin, requests);

await check("console shows requests, and switches faults on and off", () =>
  open(origin, { viewport: SIZES.wide }, async (page) => {
    await requests(page);
    const call = () => fetch(`${origin}/v2/user`, { headers: { "X-SBG-Auth-Token": token } });
    assert.equal((await call()).status, 200);
    await page.locator("#requests tr").filter({ hasText: "/user" }).first().waitFor();
    const maintenance = page.getByRole("checkbox", { name: /under maintenance/ });
    await maintenance.check();
    await page.locator("#faults tr").filter({ hasText: "api:maintenance" }).waitFor();
    assert.equal((await call()).status, 503);
    await maintenance.uncheck();
    await page.locator("#faults tr").filter({ hasText: "api:maintenance" }).waitFor({ state: "detached" });
    assert.equal((await call()).status, 200);
    await page.getByRole("button", { name: "+1 h" }).click();
    await page.locator("#ahead").filter({ hasText: "3600" }).waitFor();
  }),
);

await browser.close();
