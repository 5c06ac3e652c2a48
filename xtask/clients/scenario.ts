// A TypeScript program with the generated types: uploads a file in two parts and downloads it.
//
// `cargo xtask clients` runs it against the emulator, with SB_API_ENDPOINT and SB_AUTH_TOKEN in the environment.

import assert from "node:assert/strict";
import { env } from "node:process";

import createClient from "openapi-fetch";

import type { components, paths } from "./sbg.js";

const PART_SIZE = 2048;
const CONTENT = Uint8Array.from({ length: 3072 }, (_, index) => index % 256);

const client = createClient<paths>({
  baseUrl: env.SB_API_ENDPOINT ?? "",
  headers: { "X-SBG-Auth-Token": env.SB_AUTH_TOKEN ?? "" },
  // The metadata filter is an object whose keys become parameters, which is not the default of this client.
  querySerializer: { object: { style: "form", explode: true } },
});

/** The answer itself. The client returns what went wrong beside it. */
function answer<T>(result: { data?: T; error?: components["schemas"]["Error"] }): T {
  if (result.data === undefined) {
    throw new Error(`the platform refused: ${result.error?.code}: ${result.error?.message}`);
  }
  return result.data;
}

/** A call of the storage, which the signed addresses belong to: it must not see the token. */
async function storage(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  assert(response.ok, `the storage answered ${response.status}`);
  return response;
}

async function uploadPart(upload_id: string, part_number: number, part: Uint8Array<ArrayBuffer>): Promise<void> {
  const path = { upload_id, part_number };
  const target = answer(await client.GET("/upload/multipart/{upload_id}/part/{part_number}", { params: { path } }));
  const stored = await storage(target.url, { method: target.method ?? "PUT", headers: target.headers ?? {}, body: part });
  const wanted = target.report?.headers ?? [];
  const headers = Object.fromEntries(wanted.map((name) => [name, stored.headers.get(name)?.replaceAll('"', "") ?? ""]));
  answer(
    await client.POST("/upload/multipart/{upload_id}/part", {
      params: { path: { upload_id } },
      body: { part_number, response: { headers } },
    }),
  );
}

const project = answer(await client.POST("/projects", { body: { name: "From TypeScript" } }));
const folder = answer(
  await client.POST("/files", { body: { name: "reads", type: "folder", project: project.id } }),
);

const { upload_id, part_size } = answer(
  await client.POST("/upload/multipart", {
    body: { name: "sample.bin", parent: folder.id, size: CONTENT.length, part_size: PART_SIZE },
  }),
);
assert.equal(part_size, PART_SIZE);
const parts = [CONTENT.slice(0, PART_SIZE), CONTENT.slice(PART_SIZE)];
for (const [index, part] of parts.entries()) {
  await uploadPart(upload_id, index + 1, part);
}
const uploaded = answer(
  await client.POST("/upload/multipart/{upload_id}/complete", { params: { path: { upload_id } }, body: {} }),
);

const page = answer(await client.GET("/files", { params: { query: { parent: folder.id } } }));
assert.deepEqual(
  page.items.map(({ id, name }) => ({ id, name })),
  [{ id: uploaded.id, name: "sample.bin" }],
);

answer(
  await client.PATCH("/files/{file_id}/metadata", {
    params: { path: { file_id: uploaded.id } },
    body: { sample_id: "S1" },
  }),
);
for (const [sample, count] of [["S1", 1], ["S2", 0]] as const) {
  const query = { parent: folder.id, metadata: { "metadata.sample_id": sample } };
  const found = answer(await client.GET("/files", { params: { query } }));
  assert.equal(found.items.length, count, `files of the sample ${sample}`);
}

const { url } = answer(
  await client.GET("/files/{file_id}/download_info", { params: { path: { file_id: uploaded.id } } }),
);
const downloaded = new Uint8Array(await (await storage(url, {})).arrayBuffer());
assert.deepEqual(downloaded, CONTENT, "the download differs from the upload");
