# The scenario of the matrix with the R client of OpenAPI Generator. `cargo xtask clients` runs it, with the client installed.

library(sbgapi)

part_size <- 2048
content <- as.raw(rep(0:255, 12))

client <- function(endpoint) {
  ApiClient$new(base_path = endpoint, api_keys = c("X-SBG-Auth-Token" = Sys.getenv("SB_AUTH_TOKEN")))
}
api <- client(Sys.getenv("SB_API_ENDPOINT"))
odd <- client(Sys.getenv("SBG_ODD_ENDPOINT"))
files <- FilesApi$new(api)
uploads <- UploadApi$new(api)

# The text of a response; a refusal is wrapped in another response.
text <- function(response) {
  while (inherits(response, "ApiResponse")) response <- response$response
  rawToChar(response)
}

# The result of a call. The generated client returns a refusal as if it were a result.
result <- function(response) {
  if (response$status_code >= 300) stop(text(response))
  response$content
}

# A body that the generated client cannot write: a map, or an object without fields, of which it makes `[]`.
json <- function(value) list(toJSONString = function() as.character(jsonlite::toJSON(value, auto_unbox = TRUE)))

# A request to the storage, which must not get the token.
storage <- function(method, url, body = raw(), headers = list()) {
  request <- httr2::req_headers(httr2::req_method(httr2::request(url), method), !!!headers)
  if (length(body) > 0) request <- httr2::req_body_raw(request, body)
  httr2::req_perform(request)
}

upload <- function(parent, name) {
  upload <- result(uploads$UploadInitWithHttpInfo(UploadInit$new(name = name, parent = parent, size = length(content), part_size = part_size)))
  starts <- seq(1, length(content), by = part_size)
  for (number in seq_along(starts)) {
    part <- result(uploads$UploadPartUrlWithHttpInfo(upload$upload_id, number))
    bytes <- content[starts[number]:min(starts[number] + part_size - 1, length(content))]
    stored <- storage("PUT", part$url, bytes, part$headers)
    headers <- list()
    for (header in part$report$headers) headers[[header]] <- gsub('"', "", httr2::resp_header(stored, header))
    done <- UploadPartReport$new(part_number = number, response = UploadPartReportResponse$new(headers = headers))
    result(uploads$UploadPartReportWithHttpInfo(upload$upload_id, done))
  }
  result(uploads$UploadCompleteWithHttpInfo(upload$upload_id, json(setNames(list(), character()))))
}

check <- function(value, wanted) {
  if (!identical(paste(value), paste(wanted))) stop(paste(deparse(value), "instead of", deparse(wanted)))
}

step <- function(name, work) {
  outcome <- tryCatch({
    force(work)
    "ok"
  }, error = function(e) strsplit(paste(conditionMessage(e), ""), "\n")[[1]][1])
  cat(name, ": ", outcome, "\n", sep = "")
}

step("account", stopifnot(nchar(result(UsersApi$new(api)$UserMeWithHttpInfo())$username) > 0))
step("project", {
  projects <- ProjectsApi$new(api)
  project <- result(projects$ProjectCreateWithHttpInfo(ProjectCreate$new(name = "From R")))$id
  stopifnot(project %in% sapply(result(projects$ProjectListWithHttpInfo())$items, function(item) item$id))
})
step("folder", {
  # The constructor refuses every value of an enum.
  create <- FolderCreate$new(name = "reads", project = project)
  create$type <- "folder"
  folder <- result(files$FolderCreateWithHttpInfo(create))$id
})
step("upload", file <- upload(folder, "a.bam")$id)
step("names", {
  upload(folder, "b.bam")
  upload(folder, "c.bam")
  found <- result(files$FileListWithHttpInfo(parent = folder, name = c("a.bam", "b.bam")))$items
  check(sort(sapply(found, function(item) item$name)), c("a.bam", "b.bam"))
})
step("metadata", {
  result(files$FileMetadataEditWithHttpInfo(file, json(list(sample_id = "S1"))))
  for (sample in c("S1", "S2")) {
    found <- result(files$FileListWithHttpInfo(parent = folder, metadata = list("metadata.sample_id" = sample)))$items
    check(length(found), if (sample == "S1") 1 else 0)
  }
})
step("rename", check(result(files$FileEditWithHttpInfo(file, FileEdit$new(name = "d.bam")))$name, "d.bam"))
step("download", {
  response <- storage("GET", result(files$FileDownloadInfoWithHttpInfo(file))$url)
  stopifnot(identical(httr2::resp_body_raw(response), content))
})
step("tasks", check(length(result(TasksApi$new(api)$TaskListWithHttpInfo(project = project, fields = "_all"))$items), 0))
step("refusal", {
  refused <- files$FileGetWithHttpInfo("missing")
  check(c(refused$status_code, jsonlite::fromJSON(text(refused))$code), c(404, 5002))
})
step("nulls", {
  found <- result(FilesApi$new(odd)$FileGetWithHttpInfo("nulls"))
  # Null is an empty list here.
  check(c(found$id, length(found$name), length(found$size), length(found$storage$type)), c("nulls", 0, 0, 0))
})
step("unknown", {
  found <- result(FilesApi$new(odd)$FileGetWithHttpInfo("odd"))
  check(c(found$type, found$size, found$metadata$depth), c("symlink", "5e+09", "30"))
  task <- result(TasksApi$new(odd)$TaskGetWithHttpInfo("00000000-0000-4000-8000-000000000000"))
  check(c(task$status, task$price$amount, task$execution_status$steps_total), c("HIBERNATING", "0.23", "5"))
})
