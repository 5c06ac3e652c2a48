"""The Python client of OpenAPI Generator, as the scenario calls it."""

import json
from typing import Any

import sbg_api


def headers(part: sbg_api.UploadPartUrl) -> dict[str, str]:
    return part.headers or {}


class Api:
    def __init__(self, endpoint: str, token: str) -> None:
        config = sbg_api.Configuration(host=endpoint, api_key={"AuthToken": token})
        client = sbg_api.ApiClient(config)
        self.files_api = sbg_api.FilesApi(client)
        self.projects = sbg_api.ProjectsApi(client)
        self.tasks_api = sbg_api.TasksApi(client)
        self.uploads = sbg_api.UploadApi(client)
        self.users = sbg_api.UsersApi(client)

    def username(self) -> str | None:
        return self.users.user_me().username

    def project_create(self, name: str) -> str:
        return self.projects.project_create(sbg_api.ProjectCreate(name=name)).id

    def project_ids(self) -> list[str]:
        return [project.id for project in self.projects.project_list().items]

    def folder_create(self, project: str, name: str) -> str:
        create = sbg_api.FolderCreate(name=name, type=sbg_api.FolderCreateType.FOLDER, project=project)
        return self.files_api.folder_create(create).id

    def upload_init(self, parent: str, name: str, size: int, part_size: int) -> tuple[str, int | None]:
        upload = self.uploads.upload_init(sbg_api.UploadInit(parent=parent, name=name, size=size, part_size=part_size))
        return upload.upload_id, upload.part_size

    def upload_part_url(self, upload_id: str, number: int) -> sbg_api.UploadPartUrl:
        return self.uploads.upload_part_url(upload_id, number)

    def upload_part_report(self, upload_id: str, number: int, headers: dict[str, str]) -> None:
        response = sbg_api.UploadPartReportResponse(headers=headers)
        self.uploads.upload_part_report(upload_id, sbg_api.UploadPartReport(part_number=number, response=response))

    def upload_complete(self, upload_id: str) -> str:
        return self.uploads.upload_complete(upload_id, sbg_api.UploadComplete()).id

    def files(self, **query: Any) -> list[sbg_api.SbgFile]:
        return self.files_api.file_list(**query).items

    def metadata_edit(self, file: str, metadata: dict[str, str | None]) -> None:
        self.files_api.file_metadata_edit(file, metadata)

    def rename(self, file: str, name: str) -> str | None:
        return self.files_api.file_edit(file, sbg_api.FileEdit(name=name)).name

    def download_url(self, file: str) -> str:
        return self.files_api.file_download_info(file).url

    def tasks(self, project: str, fields: str) -> list[sbg_api.Task]:
        return self.tasks_api.task_list(project=project, fields=fields).items

    def refusal(self, file: str) -> tuple[int, int]:
        try:
            self.files_api.file_get(file)
        except sbg_api.ApiException as error:
            return error.status, json.loads(error.body)["code"]
        raise AssertionError("no error")

    def file(self, file: str) -> sbg_api.SbgFile:
        return self.files_api.file_get(file)

    def task(self, task: str) -> sbg_api.Task:
        return self.tasks_api.task_get(task)
