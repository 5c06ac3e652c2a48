import * as api from "./generated/oazapfts";
import { run } from "./scenario";

/** The data of a success; an error has a `code`. */
function success<T extends { status: number; data: unknown }>(result: T): Extract<T, { status: 200 }>["data"] {
  if (result.status >= 300) {
    throw new Error(JSON.stringify(result.data));
  }
  return result.data as Extract<T, { status: 200 }>["data"];
}

void run("oazapfts", (baseUrl, token) => {
  const options = { baseUrl, headers: { "X-SBG-Auth-Token": token } };
  return {
    username: async () => success(await api.userMe({}, options)).username,
    createProject: async (name) => success(await api.projectCreate({ name }, {}, options)).id,
    projects: async () => success(await api.projectList({}, options)).items.map(({ id }) => id),
    createFolder: async (project, name) => success(await api.folderCreate({ name, type: "folder", project }, options)).id,
    initUpload: async (parent, name, size, part_size) =>
      success(await api.uploadInit({ parent, name, size, part_size }, {}, options)).upload_id,
    partUrl: async (upload, number) => success(await api.uploadPartUrl(upload, number, options)),
    reportPart: async (upload, part_number, headers) =>
      success(await api.uploadPartReport(upload, { part_number, response: { headers } }, options)),
    completeUpload: async (upload) => success(await api.uploadComplete(upload, {}, options)).id,
    named: async (parent, name) => success(await api.fileList({ parent, name }, options)).items,
    editMetadata: async (file, metadata) => success(await api.fileMetadataEdit(file, metadata, {}, options)),
    ofSample: async (parent, sample) =>
      success(await api.fileList({ parent, metadata: { "metadata.sample_id": sample } }, options)).items,
    rename: async (file, name) => success(await api.fileEdit(file, { name }, {}, options)).name,
    downloadUrl: async (file) => success(await api.fileDownloadInfo(file, {}, options)).url,
    tasks: async (project, fields) => success(await api.taskList({ project, fields }, options)).items,
    refusal: async (file) => {
      const { status, data } = await api.fileGet(file, {}, options);
      return [status, "code" in data ? data.code : undefined];
    },
    file: async (file) => success(await api.fileGet(file, {}, options)),
    task: async (id) => {
      const task = success(await api.taskGet(id, {}, options));
      return { status: task.status, amount: task.price?.amount, steps: task.execution_status?.steps_total };
    },
  };
});
