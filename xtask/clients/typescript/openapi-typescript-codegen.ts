import * as api from "./generated/openapi-typescript-codegen";
import { request } from "./generated/openapi-typescript-codegen/core/request";
import { run } from "./scenario";

/** The result without the error, which the generated types have beside it although it is thrown. */
const success = async <T>(result: Promise<T | api.Error>): Promise<T> => (await result) as T;

void run("openapi-typescript-codegen", (endpoint, token) => {
  // There is one configuration for all calls.
  const to = <T>(result: () => Promise<T | api.Error>): Promise<T> => {
    api.OpenAPI.BASE = endpoint;
    api.OpenAPI.HEADERS = { "X-SBG-Auth-Token": token };
    return success(result());
  };
  const { FilesService: files, UploadService: upload } = api;
  return {
    username: async () => (await to<api.User>(() => api.UsersService.userMe())).username,
    createProject: async (name) => (await to<api.Project>(() => api.ProjectsService.projectCreate({ name }))).id,
    projects: async () => (await to<api.ProjectPage>(() => api.ProjectsService.projectList())).items.map(({ id }) => id),
    createFolder: async (project, name) =>
      (await to<api.SbgFile>(() => files.folderCreate({ name, type: api.FolderCreateType.FOLDER, project }))).id,
    initUpload: async (parent, name, size, part_size) =>
      (await to<api.MultipartUpload>(() => upload.uploadInit({ parent, name, size, part_size }))).upload_id,
    partUrl: (id, number) => to<api.UploadPartUrl>(() => upload.uploadPartUrl(id, number)),
    reportPart: (id, part_number, headers) =>
      to<api.UploadedPart>(() => upload.uploadPartReport(id, { part_number, response: { headers } })),
    completeUpload: async (id) => (await to<api.SbgFile>(() => upload.uploadComplete(id, {}))).id,
    named: async (parent, name) => (await to<api.FilePage>(() => files.fileList(undefined, parent, undefined, name))).items,
    editMetadata: (file, metadata) => to<api.Metadata>(() => files.fileMetadataEdit(file, metadata)),
    // An object would be sent as `metadata[...]`, and there is no way to add a parameter: the request is written out.
    ofSample: async (parent, sample) => {
      const query = { parent, "metadata.sample_id": sample };
      return (await to<api.FilePage>(() => request(api.OpenAPI, { method: "GET", url: "/files", query }))).items;
    },
    rename: async (file, name) => (await to<api.SbgFile>(() => files.fileEdit(file, { name }))).name,
    downloadUrl: async (file) => (await to<api.DownloadInfo>(() => files.fileDownloadInfo(file))).url,
    tasks: async (project, fields) => {
      const skipped = Array<undefined>(12).fill(undefined) as never[];
      const list = api.TasksService.taskList as (...all: unknown[]) => Promise<api.TaskPage | api.Error>;
      return (await to<api.TaskPage>(() => list(project, ...skipped, fields))).items;
    },
    refusal: async (file) => {
      try {
        await to<api.SbgFile>(() => files.fileGet(file));
      } catch (refused) {
        return refused instanceof api.ApiError ? [refused.status, refused.body.code] : [0, String(refused)];
      }
      return [200, undefined];
    },
    file: (file) => to<api.SbgFile>(() => files.fileGet(file)),
    task: async (id) => {
      const task = await to<api.Task>(() => api.TasksService.taskGet(id));
      return { status: task.status, amount: task.price?.amount, steps: task.execution_status?.steps_total };
    },
  };
});
