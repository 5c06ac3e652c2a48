// The scenario of the matrix for TypeScript clients. Each client has an adapter beside this file, which `cargo xtask clients` runs.

import assert from "node:assert/strict";
import { env } from "node:process";

/** An item as the adapters return it. Absent and null are the same to the scenario. */
export interface File {
  id: string;
  name?: string | null;
  type?: string | null;
  size?: number | null;
  storage?: unknown;
  metadata?: { [key: string]: unknown } | null;
}

/** The link for a part of an upload. */
export interface PartUrl {
  url: string;
  headers?: { [name: string]: string } | null;
  report?: { headers?: string[] | null } | null;
}

/** What the scenario calls. */
export interface Api {
  username(): Promise<string | null | undefined>;
  createProject(name: string): Promise<string>;
  projects(): Promise<string[]>;
  createFolder(project: string, name: string): Promise<string>;
  initUpload(parent: string, name: string, size: number, partSize: number): Promise<string>;
  partUrl(upload: string, number: number): Promise<PartUrl>;
  reportPart(upload: string, number: number, headers: { [name: string]: string }): Promise<unknown>;
  completeUpload(upload: string): Promise<string>;
  named(parent: string, names: string[]): Promise<File[]>;
  editMetadata(file: string, metadata: { [key: string]: string }): Promise<unknown>;
  ofSample(parent: string, sample: string): Promise<File[]>;
  rename(file: string, name: string): Promise<string | null | undefined>;
  downloadUrl(file: string): Promise<string>;
  tasks(project: string, fields: string): Promise<unknown[]>;
  /** Status and code of the refusal to show a file. */
  refusal(file: string): Promise<[number | undefined, unknown]>;
  file(file: string): Promise<File>;
  task(task: string): Promise<{ status?: string | null; amount: unknown; steps: unknown }>;
}

const PART_SIZE = 2048;
const CONTENT = Uint8Array.from({ length: 3072 }, (_, index) => index % 256);
const TASK = "00000000-0000-4000-8000-000000000000";

/** A request to the storage, which must not get the token. */
async function storage(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  assert(response.ok, `storage: ${response.status}`);
  return response;
}

async function upload(api: Api, parent: string, name: string): Promise<string> {
  const id = await api.initUpload(parent, name, CONTENT.length, PART_SIZE);
  for (let at = 0, number = 1; at < CONTENT.length; at += PART_SIZE, number += 1) {
    const part = await api.partUrl(id, number);
    const body = CONTENT.slice(at, at + PART_SIZE);
    const stored = await storage(part.url, { method: "PUT", headers: part.headers ?? {}, body });
    const wanted = part.report?.headers ?? [];
    const header = (name: string) => [name, (stored.headers.get(name) ?? "").replaceAll('"', "")];
    await api.reportPart(id, number, Object.fromEntries(wanted.map(header)));
  }
  return api.completeUpload(id);
}

async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    console.log(`${name}: ok`);
  } catch (error) {
    console.log(`${name}: ${String(error).split("\n")[0]}`);
  }
}

/** Runs all steps with a client. `connect` makes it for a URL and a token. */
export async function run(client: string, connect: (endpoint: string, token: string) => Api): Promise<void> {
  const token = env.SB_AUTH_TOKEN ?? "";
  const api = connect(env.SB_API_ENDPOINT ?? "", token);
  let project = "";
  let folder = "";
  let file = "";
  await step("account", async () => assert(await api.username()));
  await step("project", async () => {
    project = await api.createProject(`From ${client}`);
    assert((await api.projects()).includes(project));
  });
  await step("folder", async () => {
    folder = await api.createFolder(project, "reads");
    assert(folder);
  });
  await step("upload", async () => {
    file = await upload(api, folder, "a.bam");
    assert(file);
  });
  await step("names", async () => {
    await upload(api, folder, "b.bam");
    await upload(api, folder, "c.bam");
    const found = await api.named(folder, ["a.bam", "b.bam"]);
    assert.deepEqual(found.map(({ name }) => name).sort(), ["a.bam", "b.bam"]);
  });
  await step("metadata", async () => {
    await api.editMetadata(file, { sample_id: "S1" });
    assert.equal((await api.ofSample(folder, "S1")).length, 1);
    assert.equal((await api.ofSample(folder, "S2")).length, 0);
  });
  await step("rename", async () => assert.equal(await api.rename(file, "d.bam"), "d.bam"));
  await step("download", async () => {
    const response = await storage(await api.downloadUrl(file));
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), CONTENT);
  });
  await step("tasks", async () => assert.deepEqual(await api.tasks(project, "_all"), []));
  await step("refusal", async () => assert.deepEqual(await api.refusal("missing"), [404, 5002]));
  const odd = connect(env.SBG_ODD_ENDPOINT ?? "", token);
  await step("nulls", async () => {
    const { id, name, size, storage } = await odd.file("nulls");
    assert.deepEqual([id, name ?? null, size ?? null, storage ?? null], ["nulls", null, null, null]);
  });
  await step("unknown", async () => {
    const { type, size, metadata } = await odd.file("odd");
    assert.deepEqual([type, size, metadata?.depth], ["symlink", 5_000_000_000, 30]);
    assert.deepEqual(await odd.task(TASK), { status: "HIBERNATING", amount: "0.23", steps: 5 });
  });
}

/** What is there, or an error. */
export function found<T>(value: T | undefined | null, why?: unknown): T {
  if (value === undefined || value === null) {
    throw new Error(`no result: ${JSON.stringify(why)}`);
  }
  return value;
}
