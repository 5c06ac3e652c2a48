import { Api, FolderCreateType } from "./generated/swagger-typescript-api";
import { run } from "./scenario";

type FileQuery = Parameters<Api<unknown>["files"]["fileList"]>[0];

void run("swagger-typescript-api", (baseUrl, token) => {
  const api = new Api({ baseUrl, baseApiParams: { headers: { "X-SBG-Auth-Token": token } } });
  return {
    username: async () => (await api.user.userMe()).data.username,
    createProject: async (name) => (await api.projects.projectCreate({ name })).data.id,
    projects: async () => (await api.projects.projectList()).data.items.map(({ id }) => id),
    createFolder: async (project, name) => (await api.files.folderCreate({ name, type: FolderCreateType.Folder, project })).data.id,
    initUpload: async (parent, name, size, part_size) =>
      (await api.upload.uploadInit({ parent, name, size, part_size })).data.upload_id,
    partUrl: async (upload, number) => (await api.upload.uploadPartUrl(upload, number)).data,
    reportPart: async (upload, part_number, headers) =>
      (await api.upload.uploadPartReport(upload, { part_number, response: { headers } })).data,
    completeUpload: async (upload) => (await api.upload.uploadComplete(upload, {})).data.id,
    named: async (parent, name) => (await api.files.fileList({ parent, name })).data.items,
    editMetadata: async (file, metadata) => (await api.files.fileMetadataEdit(file, metadata)).data,
    // An object would be sent as `[object Object]`, so the entry is a parameter.
    ofSample: async (parent, sample) =>
      (await api.files.fileList({ parent, "metadata.sample_id": sample } as FileQuery)).data.items,
    rename: async (file, name) => (await api.files.fileEdit(file, { name })).data.name,
    downloadUrl: async (file) => (await api.files.fileDownloadInfo(file)).data.url,
    tasks: async (project, fields) => (await api.tasks.taskList({ project, fields })).data.items,
    refusal: async (file) => {
      try {
        await api.files.fileGet(file);
      } catch (refused) {
        const { status, error } = refused as { status: number; error: { code?: unknown } };
        return [status, error.code];
      }
      return [200, undefined];
    },
    file: async (file) => (await api.files.fileGet(file)).data,
    task: async (task) => {
      const { data } = await api.tasks.taskGet(task);
      return { status: data.status, amount: data.price?.amount, steps: data.execution_status?.steps_total };
    },
  };
});
