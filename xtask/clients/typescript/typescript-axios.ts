import { isAxiosError } from "axios";

import * as api from "./generated/typescript-axios";
import { run } from "./scenario";

void run("typescript-axios", (basePath, apiKey) => {
  const config = new api.Configuration({ basePath, apiKey });
  const [files, tasks, upload] = [new api.FilesApi(config), new api.TasksApi(config), new api.UploadApi(config)];
  const projects = new api.ProjectsApi(config);
  return {
    username: async () => (await new api.UsersApi(config).userMe()).data.username,
    createProject: async (name) => (await projects.projectCreate({ name })).data.id,
    projects: async () => (await projects.projectList()).data.items.map(({ id }) => id),
    createFolder: async (project, name) => (await files.folderCreate({ name, type: "folder", project })).data.id,
    initUpload: async (parent, name, size, part_size) => (await upload.uploadInit({ parent, name, size, part_size })).data.upload_id,
    partUrl: async (id, number) => (await upload.uploadPartUrl(id, number)).data,
    reportPart: (id, part_number, headers) => upload.uploadPartReport(id, { part_number, response: { headers } }),
    completeUpload: async (id) => (await upload.uploadComplete(id, {})).data.id,
    named: async (parent, names) => (await files.fileList(undefined, parent, undefined, names)).data.items,
    editMetadata: (file, metadata) => files.fileMetadataEdit(file, metadata),
    ofSample: async (parent, sample) => {
      const metadata = { "metadata.sample_id": sample };
      return (await files.fileList(undefined, parent, undefined, undefined, undefined, undefined, metadata)).data.items;
    },
    rename: async (file, name) => (await files.fileEdit(file, { name })).data.name,
    downloadUrl: async (file) => (await files.fileDownloadInfo(file)).data.url,
    // The last argument of each call has options of axios.
    tasks: async (project, fields) => {
      const { items } = (await tasks.taskList(project, ...(Array(12).fill(undefined) as []), ...([fields] as unknown as []))).data;
      return items;
    },
    refusal: async (file) => {
      try {
        await files.fileGet(file);
      } catch (refused) {
        return isAxiosError(refused) ? [refused.response?.status, refused.response?.data.code] : [0, String(refused)];
      }
      return [200, undefined];
    },
    file: async (file) => (await files.fileGet(file)).data,
    task: async (id) => {
      const { data } = await tasks.taskGet(id);
      return { status: data.status, amount: data.price?.amount, steps: data.execution_status?.steps_total };
    },
  };
});
