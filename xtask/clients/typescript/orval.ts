import * as api from "./generated/orval";
import { run } from "./scenario";

/** The data of a success; an error has a `code`. */
function success<T extends { status: number; data: unknown }>(result: T): Extract<T, { status: 200 }>["data"] {
  if (result.status >= 300) {
    throw new Error(JSON.stringify(result.data));
  }
  return result.data as Extract<T, { status: 200 }>["data"];
}

void run("orval", (endpoint, token) => {
  // The generated functions call `fetch` with a path: one that adds the URL and the token stands before it.
  const options = (): RequestInit => ({ headers: { "X-SBG-Auth-Token": token, "Content-Type": "application/json" } });
  const to = async <T>(work: () => Promise<T>): Promise<T> => {
    const { fetch } = globalThis;
    globalThis.fetch = (path, init) => fetch(`${endpoint}${path}`, init);
    try {
      return await work();
    } finally {
      globalThis.fetch = fetch;
    }
  };
  return {
    username: async () => success(await to(() => api.userMe(undefined, options()))).username,
    createProject: async (name) => success(await to(() => api.projectCreate({ name }, undefined, options()))).id,
    projects: async () => success(await to(() => api.projectList(undefined, options()))).items.map(({ id }) => id),
    createFolder: async (project, name) =>
      success(await to(() => api.folderCreate({ name, type: "folder", project }, options()))).id,
    initUpload: async (parent, name, size, part_size) =>
      success(await to(() => api.uploadInit({ parent, name, size, part_size }, undefined, options()))).upload_id,
    partUrl: async (upload, number) => success(await to(() => api.uploadPartUrl(upload, number, options()))),
    reportPart: async (upload, part_number, headers) =>
      success(await to(() => api.uploadPartReport(upload, { part_number, response: { headers } }, options()))),
    completeUpload: async (upload) => success(await to(() => api.uploadComplete(upload, {}, options()))).id,
    named: async (parent, name) => success(await to(() => api.fileList({ parent, name }, options()))).items,
    editMetadata: async (file, metadata) => success(await to(() => api.fileMetadataEdit(file, metadata, undefined, options()))),
    ofSample: async (parent, sample) => {
      // An object would be sent as `[object Object]`, so the entry is a parameter.
      const query = { parent, "metadata.sample_id": sample } as api.FileListParams;
      return success(await to(() => api.fileList(query, options()))).items;
    },
    rename: async (file, name) => success(await to(() => api.fileEdit(file, { name }, undefined, options()))).name,
    downloadUrl: async (file) => success(await to(() => api.fileDownloadInfo(file, undefined, options()))).url,
    tasks: async (project, fields) => success(await to(() => api.taskList({ project, fields }, options()))).items,
    refusal: async (file) => {
      const { status, data } = await to(() => api.fileGet(file, undefined, options()));
      return [status, "code" in data ? data.code : undefined];
    },
    file: async (file) => success(await to(() => api.fileGet(file, undefined, options()))),
    task: async (id) => {
      const task = success(await to(() => api.taskGet(id, undefined, options())));
      return { status: task.status, amount: task.price?.amount, steps: task.execution_status?.steps_total };
    },
  };
});
