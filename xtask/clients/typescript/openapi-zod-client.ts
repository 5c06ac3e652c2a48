import { isAxiosError } from "axios";

import { createApiClient } from "./generated/openapi-zod-client";
import { type File, type PartUrl, run } from "./scenario";

void run("openapi-zod-client", (endpoint, token) => {
  const paramsSerializer = { indexes: null };
  const api = createApiClient(endpoint, { axiosConfig: { headers: { "X-SBG-Auth-Token": token }, paramsSerializer } });
  const file = (file_id: string) => ({ params: { file_id } });
  return {
    username: async () => (await api.user_me()).username,
    createProject: async (name) => (await api.project_create({ name })).id,
    projects: async () => (await api.project_list()).items.map(({ id }) => id),
    createFolder: async (project, name) => (await api.folder_create({ name, type: "folder", project })).id,
    initUpload: async (parent, name, size, part_size) => (await api.upload_init({ parent, name, size, part_size })).upload_id,
    partUrl: async (upload_id, part_number) => {
      const { url, headers, report } = await api.upload_part_url({ params: { upload_id, part_number } });
      return { url, headers, report: report as PartUrl["report"] };
    },
    reportPart: (upload_id, part_number, headers) =>
      api.upload_part_report({ part_number, response: { headers } }, { params: { upload_id } }),
    completeUpload: async (upload_id) => (await api.upload_complete({}, { params: { upload_id } })).id,
    named: async (parent, name) => (await api.file_list({ queries: { parent, name } })).items as File[],
    editMetadata: (id, metadata) => api.file_metadata_edit(metadata, file(id)),
    // An object would be sent as `metadata[...]`, so the entry is a parameter.
    ofSample: async (parent, sample) => {
      const queries = { parent, "metadata.sample_id": sample };
      return (await api.file_list({ queries })).items as File[];
    },
    rename: async (id, name) => (await api.file_edit({ name }, file(id))).name,
    downloadUrl: async (id) => (await api.file_download_info(file(id))).url,
    tasks: async (project, fields) => (await api.task_list({ queries: { project, fields } })).items,
    refusal: async (id) => {
      try {
        await api.file_get(file(id));
      } catch (refused) {
        return isAxiosError(refused) ? [refused.response?.status, refused.response?.data.code] : [0, String(refused)];
      }
      return [200, undefined];
    },
    // Values that may be null have no type.
    file: async (id) => (await api.file_get(file(id))) as File,
    task: async (task_id) => {
      const task = await api.task_get({ params: { task_id } });
      const { price, execution_status: progress } = task as { price?: { amount?: unknown }; execution_status?: { steps_total?: unknown } };
      return { status: task.status as string, amount: price?.amount, steps: progress?.steps_total };
    },
  };
});
