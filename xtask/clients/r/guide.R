library(sbgapi)

project <- Sys.getenv("SBG_PROJECT")
key <- c("X-SBG-Auth-Token" = Sys.getenv("SB_AUTH_TOKEN"))
api <- ApiClient$new(base_path = Sys.getenv("SB_API_ENDPOINT"), api_keys = key)
files <- FilesApi$new(api)
uploads <- UploadApi$new(api)
tasks <- TasksApi$new(api)

# The result of a call. Refusals are errors, except the 429, which says in a header when the next request may be sent.
result <- function(call, ...) {
  repeat {
    response <- call(...)
    if (response$status_code < 300) return(response$content)
    while (inherits(response$response, "ApiResponse")) response <- response$response
    if (response$status_code != 429) stop(rawToChar(response$response))
    Sys.sleep(max(0.1, as.numeric(response$headers[["x-ratelimit-reset"]]) - as.numeric(Sys.time())))
  }
}
# A body as JSON.
json <- function(value) list(toJSONString = function() as.character(jsonlite::toJSON(value, auto_unbox = TRUE)))

# List a folder, then the files of one sample in it.
reads <- result(files$FileListWithHttpInfo, project = project, name = "reads")$items[[1]]
found <- result(files$FileListWithHttpInfo, parent = reads$id, metadata = list("metadata.sample_id" = "S1"))
for (file in found$items) cat(file$id, file$name, "\n")

# Upload in parts. The platform chooses their size. Signed URLs lead to the storage, which must not get the token.
content <- charToRaw(strrep("ACGT\n", 100000))
name <- sprintf("r-%.0f.txt", 1000 * as.numeric(Sys.time()))
start <- json(list(name = name, project = project, size = length(content), part_size = 262144))
upload <- result(uploads$UploadInitWithHttpInfo, start)
parts <- split(content, (seq_along(content) - 1) %/% upload$part_size)
for (number in seq_along(parts)) {
  url <- result(uploads$UploadPartUrlWithHttpInfo, upload$upload_id, number)$url
  put <- httr2::request(url) |> httr2::req_method("PUT") |> httr2::req_body_raw(parts[[number]])
  etag <- gsub('"', "", httr2::resp_header(httr2::req_perform(put), "ETag"))
  report <- json(list(part_number = number, response = list(headers = list(ETag = etag))))
  result(uploads$UploadPartReportWithHttpInfo, upload$upload_id, report)
}
file <- result(uploads$UploadCompleteWithHttpInfo, upload$upload_id, json(setNames(list(), character())))$id

# Download.
url <- result(files$FileDownloadInfoWithHttpInfo, file)$url
stopifnot(identical(httr2::resp_body_raw(httr2::req_perform(httr2::request(url))), content))

# Run a task and wait for it.
inputs <- list(file = list(class = "File", path = file))
create <- json(list(name = "Count lines", project = project, app = paste0(project, "/line-count"), inputs = inputs))
task <- result(tasks$TaskRunWithHttpInfo, result(tasks$TaskCreateWithHttpInfo, create)$id)
while (!task$status %in% c("COMPLETED", "FAILED", "ABORTED")) {
  Sys.sleep(1)
  task <- result(tasks$TaskGetWithHttpInfo, task$id)
}
cat("task", task$status, "\n")
