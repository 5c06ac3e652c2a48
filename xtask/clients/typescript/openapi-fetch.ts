import createClient from "openapi-fetch";

import type { paths } from "./generated/openapi-fetch.js";
import { found, run } from "./scenario.js";

void run("openapi-fetch", (baseUrl, token) => {
  const client = createClient<paths>({
    baseUrl,
    headers: { "X-SBG-Auth-Token": token },
    // Each entry of the metadata filter is a parameter of its own, which is not the default.
    querySerializer: { object: { style: "form", explode: true } },
  });
  const files = async (query: paths["/files"]["get"]["parameters"]["query"]) => {
    const { data, error } = await client.GET("/files", { params: { query } });
    return found(data, error).items;
  };
  const path = (file_id: string) => ({ params: { path: { file_id } } });
  return {
    username: async () => (await client.GET("/user")).data?.username,
    createProject: async (name) => found((await client.POST("/projects", { body: { name } })).data).id,
    projects: async () => found((await client.GET("/projects")).data).items.map(({ id }) => id),
    createFolder: async (project, name) =>
      found((await client.POST("/files", { body: { name, type: "folder", project } })).data).id,
    initUpload: async (parent, name, size, part_size) =>
      found((await client.POST("/upload/multipart", { body: { parent, name, size, part_size } })).data).upload_id,
    partUrl: async (upload_id, part_number) =>
      found(
        (await client.GET("/upload/multipart/{upload_id}/part/{part_number}", {
          params: { path: { upload_id, part_number } },
        })).data,
      ),
    reportPart: async (upload_id, part_number, headers) =>
      found(
        (await client.POST("/upload/multipart/{upload_id}/part", {
          params: { path: { upload_id } },
          body: { part_number, response: { headers } },
        })).data,
      ),
    completeUpload: async (upload_id) =>
      found(
        (await client.POST("/upload/multipart/{upload_id}/complete", { params: { path: { upload_id } }, body: {} })).data,
      ).id,
    named: (parent, name) => files({ parent, name }),
    editMetadata: async (file, body) => found((await client.PATCH("/files/{file_id}/metadata", { ...path(file), body })).data),
    ofSample: (parent, sample) => files({ parent, metadata: { "metadata.sample_id": sample } }),
    rename: async (file, name) => (await client.PATCH("/files/{file_id}", { ...path(file), body: { name } })).data?.name,
    downloadUrl: async (file) => found((await client.GET("/files/{file_id}/download_info", path(file))).data).url,
    tasks: async (project, fields) => found((await client.GET("/tasks", { params: { query: { project, fields } } })).data).items,
    refusal: async (file) => {
      const { error, response } = await client.GET("/files/{file_id}", path(file));
      return [response.status, error?.code];
    },
    file: async (file) => found((await client.GET("/files/{file_id}", path(file))).data),
    task: async (task_id) => {
      const { data } = await client.GET("/tasks/{task_id}", { params: { path: { task_id } } });
      return { status: data?.status, amount: data?.price?.amount, steps: data?.execution_status?.steps_total };
    },
  };
});
