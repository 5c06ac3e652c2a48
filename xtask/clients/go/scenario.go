// The scenario of the matrix with the Go client of OpenAPI Generator. `cargo xtask clients` runs it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"

	sbgapi "github.com/GIT_USER_ID/GIT_REPO_ID"
)

const partSize = 2048

var content = bytes.Repeat(func() (all []byte) {
	for value := 0; value < 256; value++ {
		all = append(all, byte(value))
	}
	return
}(), 12)

func client(endpoint string) *sbgapi.APIClient {
	config := sbgapi.NewConfiguration()
	config.Servers = sbgapi.ServerConfigurations{{URL: endpoint}}
	config.AddDefaultHeader("X-SBG-Auth-Token", os.Getenv("SB_AUTH_TOKEN"))
	return sbgapi.NewAPIClient(config)
}

var (
	ctx = context.Background()
	api = client(os.Getenv("SB_API_ENDPOINT"))
	odd = client(os.Getenv("SBG_ODD_ENDPOINT"))
)

// A request to the storage, which must not get the token.
func storage(method, target string, body []byte, headers map[string]string) (*http.Response, []byte, error) {
	request, err := http.NewRequest(method, target, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return nil, nil, errors.New("storage: " + response.Status)
	}
	stored, err := io.ReadAll(response.Body)
	return response, stored, err
}

func upload(parent, name string) (string, error) {
	start := sbgapi.NewUploadInit(name)
	start.SetSize(int64(len(content)))
	start.SetParent(parent)
	start.SetPartSize(partSize)
	upload, _, err := api.UploadAPI.UploadInit(ctx).UploadInit(*start).Execute()
	if err != nil {
		return "", err
	}
	for at, number := 0, int32(1); at < len(content); at, number = at+partSize, number+1 {
		end := at + partSize
		if end > len(content) {
			end = len(content)
		}
		part, _, err := api.UploadAPI.UploadPartUrl(ctx, upload.UploadId, number).Execute()
		if err != nil {
			return "", err
		}
		stored, _, err := storage("PUT", part.Url, content[at:end], part.GetHeaders())
		if err != nil {
			return "", err
		}
		headers := map[string]string{}
		report := part.GetReport()
		for _, header := range report.GetHeaders() {
			headers[header] = strings.ReplaceAll(stored.Header.Get(header), `"`, "")
		}
		done := sbgapi.NewUploadPartReport(number, *sbgapi.NewUploadPartReportResponse(headers))
		if _, _, err := api.UploadAPI.UploadPartReport(ctx, upload.UploadId).UploadPartReport(*done).Execute(); err != nil {
			return "", err
		}
	}
	file, _, err := api.UploadAPI.UploadComplete(ctx, upload.UploadId).UploadComplete(*sbgapi.NewUploadComplete()).Execute()
	if err != nil {
		return "", err
	}
	return file.Id, nil
}

func check(value, wanted any) error {
	if fmt.Sprint(value) != fmt.Sprint(wanted) {
		return fmt.Errorf("%v instead of %v", value, wanted)
	}
	return nil
}

func step(name string, work func() error) {
	if err := work(); err != nil {
		fmt.Printf("%s: %s\n", name, strings.Split(err.Error(), "\n")[0])
		return
	}
	fmt.Printf("%s: ok\n", name)
}

func main() {
	var project, folder, file string
	step("account", func() error {
		user, _, err := api.UsersAPI.UserMe(ctx).Execute()
		if err != nil {
			return err
		}
		return check(user.GetUsername() != "", true)
	})
	step("project", func() error {
		created, _, err := api.ProjectsAPI.ProjectCreate(ctx).ProjectCreate(*sbgapi.NewProjectCreate("From Go")).Execute()
		if err != nil {
			return err
		}
		project = created.Id
		page, _, err := api.ProjectsAPI.ProjectList(ctx).Execute()
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if item.Id == project {
				return nil
			}
		}
		return errors.New("not in the list")
	})
	step("folder", func() error {
		create := sbgapi.NewFolderCreate("reads", sbgapi.FOLDERCREATETYPE_FOLDER)
		create.SetProject(project)
		created, _, err := api.FilesAPI.FolderCreate(ctx).FolderCreate(*create).Execute()
		if err != nil {
			return err
		}
		folder = created.Id
		return nil
	})
	step("upload", func() (err error) {
		file, err = upload(folder, "a.bam")
		return
	})
	step("names", func() error {
		for _, name := range []string{"b.bam", "c.bam"} {
			if _, err := upload(folder, name); err != nil {
				return err
			}
		}
		page, _, err := api.FilesAPI.FileList(ctx).Parent(folder).Name([]string{"a.bam", "b.bam"}).Execute()
		if err != nil {
			return err
		}
		var names []string
		for _, item := range page.Items {
			names = append(names, item.GetName())
		}
		sort.Strings(names)
		return check(names, []string{"a.bam", "b.bam"})
	})
	step("metadata", func() error {
		sample := "S1"
		if _, _, err := api.FilesAPI.FileMetadataEdit(ctx, file).RequestBody(map[string]*string{"sample_id": &sample}).Execute(); err != nil {
			return err
		}
		for sample, count := range map[string]int{"S1": 1, "S2": 0} {
			wanted := map[string]string{"metadata.sample_id": sample}
			page, _, err := api.FilesAPI.FileList(ctx).Parent(folder).Metadata(wanted).Execute()
			if err != nil {
				return err
			}
			if err := check(len(page.Items), count); err != nil {
				return err
			}
		}
		return nil
	})
	step("rename", func() error {
		edit := sbgapi.NewFileEdit()
		edit.SetName("d.bam")
		edited, _, err := api.FilesAPI.FileEdit(ctx, file).FileEdit(*edit).Execute()
		if err != nil {
			return err
		}
		return check(edited.GetName(), "d.bam")
	})
	step("download", func() error {
		info, _, err := api.FilesAPI.FileDownloadInfo(ctx, file).Execute()
		if err != nil {
			return err
		}
		_, stored, err := storage("GET", info.Url, nil, nil)
		if err != nil {
			return err
		}
		return check(bytes.Equal(stored, content), true)
	})
	step("tasks", func() error {
		page, _, err := api.TasksAPI.TaskList(ctx).Project(project).Fields("_all").Execute()
		if err != nil {
			return err
		}
		return check(len(page.Items), 0)
	})
	step("refusal", func() error {
		_, response, err := api.FilesAPI.FileGet(ctx, "missing").Execute()
		var refused *sbgapi.GenericOpenAPIError
		if !errors.As(err, &refused) {
			return fmt.Errorf("another error: %v", err)
		}
		known, ok := refused.Model().(sbgapi.Error)
		if !ok {
			return fmt.Errorf("the error is %T", refused.Model())
		}
		return check([]any{response.StatusCode, known.GetCode()}, []any{404, 5002})
	})
	step("nulls", func() error {
		found, _, err := odd.FilesAPI.FileGet(ctx, "nulls").Execute()
		if err != nil {
			return err
		}
		return check([]any{found.Id, found.GetName(), found.GetSize(), found.HasStorage() && found.Storage.Get() != nil}, []any{"nulls", "", 0, false})
	})
	step("unknown", func() error {
		found, _, err := odd.FilesAPI.FileGet(ctx, "odd").Execute()
		if err != nil {
			return err
		}
		if err := check([]any{found.GetType(), found.GetSize(), found.Metadata["depth"]}, []any{"symlink", int64(5000000000), 30}); err != nil {
			return err
		}
		task, _, err := odd.TasksAPI.TaskGet(ctx, "00000000-0000-4000-8000-000000000000").Execute()
		if err != nil {
			return err
		}
		price, status := task.GetPrice(), task.GetExecutionStatus()
		return check([]any{task.GetStatus(), price.GetAmount(), status.GetStepsTotal()}, []any{"HIBERNATING", "0.23", 5})
	})
}
