package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	sbgapi "github.com/GIT_USER_ID/GIT_REPO_ID"
)

// Patient waits out the rate limit: a 429 says in a header when the next request may be sent.
type Patient struct{}

func (Patient) RoundTrip(request *http.Request) (*http.Response, error) {
	for {
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusTooManyRequests {
			return response, err
		}
		response.Body.Close()
		reset, _ := strconv.ParseInt(response.Header.Get("X-RateLimit-Reset"), 10, 64)
		time.Sleep(time.Until(time.Unix(reset, 0)) + 100*time.Millisecond)
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func must[T any](result T, _ *http.Response, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return result
}

func main() {
	ctx, project := context.Background(), os.Getenv("SBG_PROJECT")
	config := sbgapi.NewConfiguration()
	config.Servers = sbgapi.ServerConfigurations{{URL: os.Getenv("SB_API_ENDPOINT")}}
	config.AddDefaultHeader("X-SBG-Auth-Token", os.Getenv("SB_AUTH_TOKEN"))
	config.HTTPClient = &http.Client{Transport: Patient{}}
	api := sbgapi.NewAPIClient(config)

	// List a folder, then the files of one sample in it.
	var reads string
	for _, item := range must(api.FilesAPI.FileList(ctx).Project(project).Execute()).Items {
		if item.GetName() == "reads" {
			reads = item.Id
		}
	}
	sample := map[string]string{"metadata.sample_id": "S1"}
	for _, file := range must(api.FilesAPI.FileList(ctx).Parent(reads).Metadata(sample).Execute()).Items {
		fmt.Println(file.Id, file.GetName())
	}

	// Upload in parts. The platform chooses their size. Signed URLs lead to the storage, which must not get the token.
	content := []byte(strings.Repeat("ACGT\n", 100_000))
	start := sbgapi.NewUploadInit(fmt.Sprintf("go-%d.txt", time.Now().UnixNano()))
	start.SetProject(project)
	start.SetSize(int64(len(content)))
	start.SetPartSize(262_144)
	upload := must(api.UploadAPI.UploadInit(ctx).UploadInit(*start).Execute())
	rest := content
	for number := int32(1); len(rest) > 0; number++ {
		size := int(upload.GetPartSize())
		if size > len(rest) {
			size = len(rest)
		}
		part := must(api.UploadAPI.UploadPartUrl(ctx, upload.UploadId, number).Execute())
		put, err := http.NewRequest(http.MethodPut, part.Url, bytes.NewReader(rest[:size]))
		if err != nil {
			log.Fatal(err)
		}
		stored, err := http.DefaultClient.Do(put)
		if err != nil || stored.StatusCode >= 300 {
			log.Fatal("storage: ", stored, err)
		}
		stored.Body.Close()
		headers := map[string]string{"ETag": strings.Trim(stored.Header.Get("ETag"), `"`)}
		report := sbgapi.NewUploadPartReport(number, *sbgapi.NewUploadPartReportResponse(headers))
		must(api.UploadAPI.UploadPartReport(ctx, upload.UploadId).UploadPartReport(*report).Execute())
		rest = rest[size:]
	}
	file := must(api.UploadAPI.UploadComplete(ctx, upload.UploadId).UploadComplete(*sbgapi.NewUploadComplete()).Execute())

	// Download.
	response, err := http.Get(must(api.FilesAPI.FileDownloadInfo(ctx, file.Id).Execute()).Url)
	if err != nil {
		log.Fatal(err)
	}
	downloaded, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(downloaded, content) {
		log.Fatal("the download differs: ", err)
	}

	// Run a task and wait for it.
	create := sbgapi.NewTaskCreate(project, project+"/line-count")
	create.SetName("Count lines")
	create.SetInputs(map[string]any{"file": map[string]string{"class": "File", "path": file.Id}})
	task := must(api.TasksAPI.TaskCreate(ctx).TaskCreate(*create).Execute())
	task = must(api.TasksAPI.TaskRun(ctx, task.Id).Execute())
	for !strings.Contains("COMPLETED FAILED ABORTED", task.GetStatus()) {
		time.Sleep(time.Second)
		task = must(api.TasksAPI.TaskGet(ctx, task.Id).Execute())
	}
	fmt.Println("task", task.GetStatus())
}
