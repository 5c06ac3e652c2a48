import * as api from "./generated/typescript-fetch";
import { run } from "./scenario";

void run("typescript-fetch", (basePath, apiKey) => {
  const config = new api.Configuration({ basePath, apiKey });
  const [files, tasks, upload] = [new api.FilesApi(config), new api.TasksApi(config), new api.UploadApi(config)];
  const projects = new api.ProjectsApi(config);
  return {
    username: async () => (await new api.UsersApi(config).userMe()).username,
    createProject: async (name) => (await projects.projectCreate({ projectCreate: { name } })).id,
    projects: async () => (await projects.projectList()).items.map(({ id }) => id),
    createFolder: async (project, name) => (await files.folderCreate({ folderCreate: { name, type: "folder", project } })).id,
    initUpload: async (parent, name, size, partSize) =>
      (await upload.uploadInit({ uploadInit: { parent, name, size, partSize } })).uploadId,
    partUrl: (uploadId, partNumber) => upload.uploadPartUrl({ uploadId, partNumber }),
    reportPart: (uploadId, partNumber, headers) =>
      upload.uploadPartReport({ uploadId, uploadPartReport: { partNumber, response: { headers } } }),
    completeUpload: async (uploadId) => (await upload.uploadComplete({ uploadId, uploadComplete: {} })).id,
    named: async (parent, name) => (await files.fileList({ parent, name })).items,
    editMetadata: (fileId, requestBody) => files.fileMetadataEdit({ fileId, requestBody }),
    ofSample: async (parent, sample) => (await files.fileList({ parent, metadata: { "metadata.sample_id": sample } })).items,
    rename: async (fileId, name) => (await files.fileEdit({ fileId, fileEdit: { name } })).name,
    downloadUrl: async (fileId) => (await files.fileDownloadInfo({ fileId })).url,
    tasks: async (project, fields) => (await tasks.taskList({ project, fields })).items,
    refusal: async (fileId) => {
      try {
        await files.fileGet({ fileId });
      } catch (refused) {
        return refused instanceof api.ResponseError
          ? [refused.response.status, (await refused.response.json()).code]
          : [0, String(refused)];
      }
      return [200, undefined];
    },
    file: (fileId) => files.fileGet({ fileId }),
    task: async (taskId) => {
      const task = await tasks.taskGet({ taskId });
      return { status: task.status, amount: task.price?.amount, steps: task.executionStatus?.stepsTotal };
    },
  };
});
