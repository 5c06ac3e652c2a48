"""A Python program with the generated client: uploads a file in two parts and downloads it.

`cargo xtask clients` runs it against the emulator, with SB_API_ENDPOINT and SB_AUTH_TOKEN in the environment.
"""

import os
from typing import TypeVar

import httpx

from sbg_client import AuthenticatedClient
from sbg_client.api.files import file_download_info, file_list, file_metadata_edit, folder_create
from sbg_client.api.projects import project_create
from sbg_client.api.upload import upload_complete, upload_init, upload_part_report, upload_part_url
from sbg_client.models import (
    Error,
    FolderCreate,
    FolderCreateType,
    MetadataEdit,
    MetadataFilter,
    ProjectCreate,
    UploadComplete,
    UploadInit,
    UploadPartReport,
    UploadPartReportResponse,
    UploadPartReportResponseHeaders,
)

PART_SIZE = 2048
CONTENT = bytes(range(256)) * 12

T = TypeVar("T")


def response(result: T | Error | None) -> T:
    """Returns the response; the generated functions return an error in its place."""
    if isinstance(result, Error):
        raise SystemExit(f"error of the platform: {result.code}: {result.message}")
    if result is None:
        raise SystemExit("the document does not describe this response")
    return result


def upload_part(client: AuthenticatedClient, storage: httpx.Client, upload_id: str, number: int, part: bytes) -> None:
    target = response(upload_part_url.sync(upload_id, number, client=client))
    headers = target.headers.to_dict() if target.headers else {}
    stored = storage.request(target.method or "PUT", target.url, content=part, headers=headers)
    stored.raise_for_status()
    wanted = (target.report.headers if target.report else None) or []
    noted = UploadPartReportResponseHeaders.from_dict({name: stored.headers[name].strip('"') for name in wanted})
    body = UploadPartReport(part_number=number, response=UploadPartReportResponse(headers=noted))
    response(upload_part_report.sync(upload_id, client=client, body=body))


def main() -> None:
    # Signed URLs lead to the storage, which must not get the token, so they need a separate client.
    with (
        AuthenticatedClient(
            base_url=os.environ["SB_API_ENDPOINT"],
            token=os.environ["SB_AUTH_TOKEN"],
            auth_header_name="X-SBG-Auth-Token",
            prefix="",
        ) as client,
        httpx.Client() as storage,
    ):
        project = response(project_create.sync(client=client, body=ProjectCreate(name="From Python")))
        folder = response(
            folder_create.sync(
                client=client, body=FolderCreate(name="reads", type_=FolderCreateType.FOLDER, project=project.id)
            )
        )

        start = UploadInit(name="sample.bin", parent=folder.id, size=len(CONTENT), part_size=PART_SIZE)
        upload = response(upload_init.sync(client=client, body=start))
        assert upload.part_size == PART_SIZE, f"parts of {upload.part_size} bytes"
        parts = [CONTENT[at : at + PART_SIZE] for at in range(0, len(CONTENT), PART_SIZE)]
        assert len(parts) == 2
        for number, part in enumerate(parts, start=1):
            upload_part(client, storage, upload.upload_id, number, part)
        uploaded = response(upload_complete.sync(upload.upload_id, client=client, body=UploadComplete()))

        listed = response(file_list.sync(client=client, parent=folder.id)).items
        assert [(file.id, file.name) for file in listed] == [(uploaded.id, "sample.bin")], listed
        response(file_metadata_edit.sync(uploaded.id, client=client, body=MetadataEdit.from_dict({"sample_id": "S1"})))
        for sample, count in (("S1", 1), ("S2", 0)):
            wanted = MetadataFilter.from_dict({"metadata.sample_id": sample})
            found = response(file_list.sync(client=client, parent=folder.id, metadata=wanted)).items
            assert len(found) == count, f"files of the sample {sample}: {found}"

        info = response(file_download_info.sync(uploaded.id, client=client))
        assert storage.get(info.url).raise_for_status().content == CONTENT, "the download differs from the upload"


main()
