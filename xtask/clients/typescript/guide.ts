import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import createClient from "openapi-fetch";

import type { paths } from "./generated/openapi-fetch.js";

const project = env.SBG_PROJECT ?? "";

/** Waits out the rate limit: a 429 says in a header when the next request may be sent. */
async function patient(request: Request): Promise<Response> {
  for (;;) {
    const response = await fetch(request.clone());
    if (response.status !== 429) return response;
    const reset = Number(response.headers.get("X-RateLimit-Reset") ?? 0);
    await sleep(Math.max(100, reset * 1000 - Date.now()));
  }
}

const api = createClient<paths>({
  baseUrl: env.SB_API_ENDPOINT ?? "",
  headers: { "X-SBG-Auth-Token": env.SB_AUTH_TOKEN ?? "" },
  fetch: patient,
  // Each entry of a metadata filter is a parameter of its own.
  querySerializer: { object: { style: "form", explode: true } },
});

/** The result, or what the platform says of a refusal. */
function result<T>({ data, error }: { data?: T; error?: { message?: string | null } }): T {
  if (data === undefined) throw new Error(error?.message ?? "no result");
  return data;
}

async function main(): Promise<void> {
  // List a folder, then the files of one sample in it.
  const root = result(await api.GET("/files", { params: { query: { project } } }));
  const reads = root.items.find(({ name }) => name === "reads");
  const query = { parent: reads?.id ?? "", metadata: { "metadata.sample_id": "S1" } };
  for (const file of result(await api.GET("/files", { params: { query } })).items) {
    console.log(file.id, file.name);
  }

  // Upload in parts. The platform chooses their size. Signed URLs lead to the storage, which must not get the token.
  const content = new TextEncoder().encode("ACGT\n".repeat(100_000));
  const name = `typescript-${Date.now()}.txt`;
  const start = { project, name, size: content.length, part_size: 262_144 };
  const { upload_id, part_size } = result(await api.POST("/upload/multipart", { body: start }));
  for (let part_number = 1, at = 0; at < content.length; part_number += 1, at += part_size ?? 0) {
    const path = { upload_id, part_number };
    const part = result(await api.GET("/upload/multipart/{upload_id}/part/{part_number}", { params: { path } }));
    const stored = await fetch(part.url, { method: "PUT", body: content.slice(at, at + (part_size ?? 0)) });
    if (!stored.ok) throw new Error(`storage: ${stored.status}`);
    const headers = { ETag: (stored.headers.get("ETag") ?? "").replaceAll('"', "") };
    const body = { part_number, response: { headers } };
    result(await api.POST("/upload/multipart/{upload_id}/part", { params: { path: { upload_id } }, body }));
  }
  const file = result(
    await api.POST("/upload/multipart/{upload_id}/complete", { params: { path: { upload_id } }, body: {} }),
  );

  // Download.
  const link = result(await api.GET("/files/{file_id}/download_info", { params: { path: { file_id: file.id } } }));
  const downloaded = await (await fetch(link.url)).arrayBuffer();
  if (downloaded.byteLength !== content.length) throw new Error("the download differs");

  // Run a task and wait for it.
  const inputs = { file: { class: "File", path: file.id } };
  const create = { name: "Count lines", project, app: `${project}/line-count`, inputs };
  const { id: task_id } = result(await api.POST("/tasks", { body: create }));
  const params = { path: { task_id } };
  let task = result(await api.POST("/tasks/{task_id}/actions/run", { params }));
  while (!["COMPLETED", "FAILED", "ABORTED"].includes(task.status ?? "")) {
    await sleep(1000);
    task = result(await api.GET("/tasks/{task_id}", { params }));
  }
  console.log("task", task.status);
}

void main();
