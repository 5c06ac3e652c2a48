import os
import time

import httpx

from sbg_client import AuthenticatedClient
from sbg_client.api.files import file_download_info, file_list
from sbg_client.api.tasks import task_create, task_get, task_run
from sbg_client.api.upload import upload_complete, upload_init, upload_part_report, upload_part_url
from sbg_client.models import FileListMetadata, TaskCreate, TaskCreateInputs, UploadComplete, UploadInit
from sbg_client.models import UploadPartReport, UploadPartReportResponse, UploadPartReportResponseHeaders


class Patient(httpx.HTTPTransport):
    """Waits out the rate limit: a 429 says in a header when the next request may be sent."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        while (response := super().handle_request(request)).status_code == 429:
            response.close()
            time.sleep(max(0.1, float(response.headers.get("X-RateLimit-Reset", 0)) - time.time()))
        return response


project, endpoint, token = (os.environ[name] for name in ("SBG_PROJECT", "SB_API_ENDPOINT", "SB_AUTH_TOKEN"))
api = AuthenticatedClient(
    base_url=endpoint,
    token=token,
    auth_header_name="X-SBG-Auth-Token",
    prefix="",
    raise_on_unexpected_status=True,
    httpx_args={"transport": Patient()},
)
# Signed URLs lead to the storage, which must not get the token: it has a client of its own.
storage = httpx.Client()

# List a folder, then the files of one sample in it.
reads = next(item for item in file_list.sync(client=api, project=project).items if item.name == "reads")
sample = FileListMetadata.from_dict({"metadata.sample_id": "S1"})
for file in file_list.sync(client=api, parent=reads.id, metadata=sample).items:
    print(file.id, file.name)

# Upload in parts. The platform chooses their size.
content = b"ACGT\n" * 100_000
start = UploadInit(project=project, name=f"python-{time.time_ns()}.txt", size=len(content), part_size=262_144)
begun = upload_init.sync(client=api, body=start)
for number, at in enumerate(range(0, len(content), begun.part_size), start=1):
    part = upload_part_url.sync(begun.upload_id, number, client=api)
    stored = storage.put(part.url, content=content[at : at + begun.part_size]).raise_for_status()
    headers = UploadPartReportResponseHeaders.from_dict({"ETag": stored.headers["ETag"].strip('"')})
    report = UploadPartReport(part_number=number, response=UploadPartReportResponse(headers=headers))
    upload_part_report.sync(begun.upload_id, client=api, body=report)
uploaded = upload_complete.sync(begun.upload_id, client=api, body=UploadComplete())

# Download.
url = file_download_info.sync(uploaded.id, client=api).url
assert storage.get(url).raise_for_status().content == content

# Run a task and wait for it.
inputs = TaskCreateInputs.from_dict({"file": {"class": "File", "path": uploaded.id}})
create = TaskCreate(name="Count lines", project=project, app=f"{project}/line-count", inputs=inputs)
task = task_run.sync(task_create.sync(client=api, body=create).id, client=api)
while task.status not in ("COMPLETED", "FAILED", "ABORTED"):
    time.sleep(1)
    task = task_get.sync(task.id, client=api)
print("task", task.status)
