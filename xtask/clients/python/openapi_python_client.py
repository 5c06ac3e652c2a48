"""The client of openapi-python-client, as the scenario calls it."""

from typing import Any, TypeVar

from sbg_client import AuthenticatedClient
from sbg_client.api.files import file_download_info, file_edit, file_get, file_list, file_metadata_edit, folder_create
from sbg_client.api.projects import project_create, project_list
from sbg_client.api.tasks import task_get, task_list
from sbg_client.api.upload import upload_complete, upload_init, upload_part_report, upload_part_url
from sbg_client.api.users import user_me
from sbg_client.models import (
    Error,
    FileEdit,
    FileListMetadata,
    FolderCreate,
    FolderCreateType,
    MetadataEdit,
    ProjectCreate,
    SbgFile,
    Task,
    UploadComplete,
    UploadInit,
    UploadPartReport,
    UploadPartReportResponse,
    UploadPartReportResponseHeaders,
    UploadPartUrl,
)

T = TypeVar("T")


def headers(part: UploadPartUrl) -> dict[str, str]:
    return part.headers.to_dict() if part.headers else {}


def result(found: T | Error | None) -> T:
    """The result; the generated functions return an error in its place."""
    if found is None or isinstance(found, Error):
        raise RuntimeError(f"refused: {found}")
    return found


class Api:
    def __init__(self, endpoint: str, token: str) -> None:
        self.client = AuthenticatedClient(
            base_url=endpoint, token=token, auth_header_name="X-SBG-Auth-Token", prefix=""
        )

    def username(self) -> Any:
        return result(user_me.sync(client=self.client)).username

    def project_create(self, name: str) -> str:
        return result(project_create.sync(client=self.client, body=ProjectCreate(name=name))).id

    def project_ids(self) -> list[str]:
        return [project.id for project in result(project_list.sync(client=self.client)).items]

    def folder_create(self, project: str, name: str) -> str:
        create = FolderCreate(name=name, type_=FolderCreateType.FOLDER, project=project)
        return result(folder_create.sync(client=self.client, body=create)).id

    def upload_init(self, parent: str, name: str, size: int, part_size: int) -> tuple[str, Any]:
        start = UploadInit(parent=parent, name=name, size=size, part_size=part_size)
        upload = result(upload_init.sync(client=self.client, body=start))
        return upload.upload_id, upload.part_size

    def upload_part_url(self, upload_id: str, number: int) -> UploadPartUrl:
        return result(upload_part_url.sync(upload_id, number, client=self.client))

    def upload_part_report(self, upload_id: str, number: int, headers: dict[str, str]) -> None:
        response = UploadPartReportResponse(headers=UploadPartReportResponseHeaders.from_dict(headers))
        report = UploadPartReport(part_number=number, response=response)
        result(upload_part_report.sync(upload_id, client=self.client, body=report))

    def upload_complete(self, upload_id: str) -> str:
        return result(upload_complete.sync(upload_id, client=self.client, body=UploadComplete())).id

    def files(self, *, metadata: dict[str, str] | None = None, **query: Any) -> list[SbgFile]:
        if metadata:
            query["metadata"] = FileListMetadata.from_dict(metadata)
        return result(file_list.sync(client=self.client, **query)).items

    def metadata_edit(self, file: str, metadata: dict[str, str | None]) -> None:
        result(file_metadata_edit.sync(file, client=self.client, body=MetadataEdit.from_dict(metadata)))

    def rename(self, file: str, name: str) -> Any:
        return result(file_edit.sync(file, client=self.client, body=FileEdit(name=name))).name

    def download_url(self, file: str) -> str:
        return result(file_download_info.sync(file, client=self.client)).url

    def tasks(self, project: str, fields: str) -> list[Task]:
        return result(task_list.sync(client=self.client, project=project, fields=fields)).items

    def refusal(self, file: str) -> tuple[int, Any]:
        response = file_get.sync_detailed(file, client=self.client)
        if isinstance(response.parsed, Error):
            return int(response.status_code), response.parsed.code
        raise AssertionError("no error")

    def file(self, file: str) -> SbgFile:
        return result(file_get.sync(file, client=self.client))

    def task(self, task: str) -> Task:
        return result(task_get.sync(task, client=self.client))
