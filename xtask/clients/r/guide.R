library(sbgapi)

project <- Sys.getenv("SBG_PROJECT")
api <- ApiClient$new(
  base_path = Sys.getenv("SB_API_ENDPOINT"),
  api_keys = c("X-SBG-Auth-Token" = Sys.getenv("SB_AUTH_TOKEN"))
)
files <- FilesApi$new(api)
uploads <- UploadApi$new(api)
tasks <- TasksApi$new(api)

# Sends a request; waits out the rate limit, whose 429 says in a header when the next request may be sent. Refusals are errors.
result <- function(call) {
  repeat {
    response <- call()
    if (response$status_code < 300) return(response$content)
    while (inherits(response$response, "ApiResponse")) response <- response$response
    if (response$status_code != 429) stop(rawToChar(response$response))
    Sys.sleep(max(0.1, as.numeric(response$headers[["x-ratelimit-reset"]]) - as.numeric(Sys.time())))
  }
}

# A body that the client cannot write: maps, and objects without fields, of which it makes `[]`.
json <- function(value) list(toJSONString = function() as.character(jsonlite::toJSON(value, auto_unbox = TRUE)))

# List a folder, then the files of one sample in it.
root <- result(function() files$FileListWithHttpInfo(project = project))$items
reads <- Filter(function(item) item$name == "reads", root)[[1]]$id
found <- result(function() files$FileListWithHttpInfo(parent = reads, metadata = list("metadata.sample_id" = "S1")))
for (file in found$items) cat(file$id, file$name, "\n")

# Upload in parts. The platform chooses their size. Signed URLs lead to the storage, which must not get the token.
content <- charToRaw(strrep("ACGT\n", 100000))
name <- sprintf("r-%.0f.txt", 1000 * as.numeric(Sys.time()))
start <- UploadInit$new(name = name, project = project, size = length(content), part_size = 262144)
upload <- result(function() uploads$UploadInitWithHttpInfo(start))
for (number in seq_len(ceiling(length(content) / upload$part_size))) {
  part <- result(function() uploads$UploadPartUrlWithHttpInfo(upload$upload_id, number))
  bytes <- content[((number - 1) * upload$part_size + 1):min(number * upload$part_size, length(content))]
  stored <- httr2::req_perform(httr2::req_body_raw(httr2::req_method(httr2::request(part$url), "PUT"), bytes))
  headers <- list(ETag = gsub('"', "", httr2::resp_header(stored, "ETag")))
  report <- UploadPartReport$new(part_number = number, response = UploadPartReportResponse$new(headers = headers))
  result(function() uploads$UploadPartReportWithHttpInfo(upload$upload_id, report))
}
file <- result(function() uploads$UploadCompleteWithHttpInfo(upload$upload_id, json(setNames(list(), character()))))$id

# Download.
url <- result(function() files$FileDownloadInfoWithHttpInfo(file))$url
stopifnot(identical(httr2::resp_body_raw(httr2::req_perform(httr2::request(url))), content))

# Run a task and wait for it.
create <- json(list(
  name = "Count lines", project = project, app = paste0(project, "/line-count"),
  inputs = list(file = list(class = "File", path = file))
))
task <- result(function() tasks$TaskCreateWithHttpInfo(create))
task <- result(function() tasks$TaskRunWithHttpInfo(task$id))
while (!task$status %in% c("COMPLETED", "FAILED", "ABORTED")) {
  Sys.sleep(1)
  task <- result(function() tasks$TaskGetWithHttpInfo(task$id))
}
cat("task", task$status, "\n")
