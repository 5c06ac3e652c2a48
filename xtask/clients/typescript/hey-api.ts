import { createClient, createConfig } from "./generated/hey-api/client";
import * as sdk from "./generated/hey-api/sdk.gen";
import { found, run } from "./scenario";

void run("hey-api", (baseUrl, token) => {
  // The first way to authenticate that an operation names gets the token.
  const auth = ({ name }: { name?: string }) => (name === "X-SBG-Auth-Token" ? token : undefined);
  const client = createClient(createConfig({ baseUrl, auth }));
  return {
    username: async () => (await sdk.userMe({ client })).data?.username,
    createProject: async (name) => found((await sdk.projectCreate({ client, body: { name } })).data).id,
    projects: async () => found((await sdk.projectList({ client })).data).items.map(({ id }) => id),
    createFolder: async (project, name) =>
      found((await sdk.folderCreate({ client, body: { name, type: "folder", project } })).data).id,
    initUpload: async (parent, name, size, part_size) =>
      found((await sdk.uploadInit({ client, body: { parent, name, size, part_size } })).data).upload_id,
    partUrl: async (upload_id, part_number) =>
      found((await sdk.uploadPartUrl({ client, path: { upload_id, part_number } })).data),
    reportPart: async (upload_id, part_number, headers) =>
      found((await sdk.uploadPartReport({ client, path: { upload_id }, body: { part_number, response: { headers } } })).data),
    completeUpload: async (upload_id) => found((await sdk.uploadComplete({ client, path: { upload_id }, body: {} })).data).id,
    named: async (parent, name) => found((await sdk.fileList({ client, query: { parent, name } })).data).items,
    editMetadata: async (file_id, body) => found((await sdk.fileMetadataEdit({ client, path: { file_id }, body })).data),
    ofSample: async (parent, sample) =>
      found((await sdk.fileList({ client, query: { parent, metadata: { "metadata.sample_id": sample } } })).data).items,
    rename: async (file_id, name) => (await sdk.fileEdit({ client, path: { file_id }, body: { name } })).data?.name,
    downloadUrl: async (file_id) => found((await sdk.fileDownloadInfo({ client, path: { file_id } })).data).url,
    tasks: async (project, fields) => found((await sdk.taskList({ client, query: { project, fields } })).data).items,
    refusal: async (file_id) => {
      const { error, response } = await sdk.fileGet({ client, path: { file_id } });
      return [response?.status, error?.code];
    },
    file: async (file_id) => found((await sdk.fileGet({ client, path: { file_id } })).data),
    task: async (task_id) => {
      const { data } = await sdk.taskGet({ client, path: { task_id } });
      return { status: data?.status, amount: data?.price?.amount, steps: data?.execution_status?.steps_total };
    },
  };
});
